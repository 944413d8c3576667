// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/steps.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <optional>
#include <system_error>
#include <thread>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

fs::path ArtefactStore::path(const std::string& step, const std::string& key) const {
    return directory_ / (step + "-" + key.substr(0, 32));
}

bool ArtefactStore::has(const std::string& step, const std::string& key) const {
    std::error_code error;
    return fs::is_directory(path(step, key), error);
}

Result<fs::path> ArtefactStore::begin(const std::string& step, const std::string& key) const {
    const fs::path begun =
        directory_ / std::format(".{}-{}.{}", step, key.substr(0, 32), static_cast<int>(::getpid()));
    BEDPLATE_TRY(fresh_directory(begun));
    return begun;
}

Result<void> ArtefactStore::commit(const fs::path& begun, const std::string& step,
                                   const std::string& key) const {
    const fs::path final = path(step, key);
    std::error_code error;
    fs::remove_all(final, error);
    fs::rename(begun, final, error);
    if (error) {
        return fail("file.write", std::format("cannot keep {}: {}", final.string(), error.message()),
                    final.string());
    }
    return {};
}

void ArtefactStore::prune(const std::string& step, std::size_t keep) const {
    std::error_code error;
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    for (const auto& item : fs::directory_iterator(directory_, error)) {
        const std::string name = item.path().filename().string();
        // What a build that was killed left behind; a day is longer than any build takes.
        if (name.starts_with("." + step + "-") &&
            fs::last_write_time(item.path(), error) <
                fs::file_time_type::clock::now() - std::chrono::hours{24}) {
            fs::remove_all(item.path(), error);
            continue;
        }
        // The name of a step may be the beginning of another's: what follows has to be the key alone.
        if (name.size() == step.size() + 33 && name.starts_with(step + "-")) {
            found.emplace_back(fs::last_write_time(item.path(), error), item.path());
        }
    }
    std::ranges::sort(found, std::greater{});
    for (std::size_t i = keep; i < found.size(); ++i) {
        // An old artefact that cannot be removed costs space, nothing else.
        fs::remove_all(found[i].second, error);
    }
}

namespace {

std::string last_lines(const fs::path& log, std::size_t count) {
    const auto text = read_text(log);
    if (!text) {
        return {};
    }
    auto lines = split(trim(*text), '\n');
    const std::size_t from = lines.size() > count ? lines.size() - count : 0;
    std::string tail;
    for (std::size_t i = from; i < lines.size(); ++i) {
        tail += "\n    " + elide(lines[i], 200);
    }
    return tail;
}

class Scheduler {
public:
    Scheduler(const std::vector<Step>& steps, const ArtefactStore& store, const StepOptions& options,
              const StepObserver& observer)
        : steps_(steps), store_(store), options_(options), observer_(observer) {}

    Result<std::map<std::string, Artefact>> run() {
        BEDPLATE_TRY(check_graph());
        waiting_.reserve(steps_.size());
        for (const auto& step : steps_) {
            waiting_.push_back(&step);
        }
        {
            std::vector<std::jthread> workers;
            for (unsigned i = 0; i < std::max(1U, options_.jobs); ++i) {
                workers.emplace_back([this] { work(); });
            }
        }
        if (error_) {
            return std::unexpected(*std::move(error_));
        }
        return std::move(done_);
    }

private:
    /// Every need stands earlier in the list: that is what makes cycles impossible.
    Result<void> check_graph() const {
        std::vector<std::string> known;
        for (const auto& step : steps_) {
            for (const auto& need : step.needs) {
                if (std::ranges::find(known, need) == known.end()) {
                    return fail("step.unknown",
                                std::format("step {} needs {}, which is not before it", step.name, need));
                }
            }
            known.push_back(step.name);
        }
        return {};
    }

    const Step* next_ready() {
        const auto ready = std::ranges::find_if(waiting_, [this](const Step* step) {
            return std::ranges::all_of(step->needs,
                                       [this](const std::string& need) { return done_.contains(need); });
        });
        if (ready == waiting_.end()) {
            return nullptr;
        }
        const Step* step = *ready;
        waiting_.erase(ready);
        return step;
    }

    void work() {
        std::unique_lock lock(mutex_);
        while (!error_ && !waiting_.empty()) {
            const Step* step = next_ready();
            if (step == nullptr) {
                changed_.wait(lock);
                continue;
            }
            const std::string key = key_of(*step);
            const auto needs = needs_of(*step);
            lock.unlock();
            auto result = perform(*step, key, needs);
            lock.lock();
            if (result) {
                done_.emplace(step->name, *std::move(result));
            } else if (!error_) {
                error_ = std::move(result).error();
            }
            changed_.notify_all();
        }
        changed_.notify_all();
    }

    [[nodiscard]] std::string key_of(const Step& step) const {
        std::string text = step.name + "\n" + step.inputs + "\n";
        for (const auto& need : step.needs) {
            text += need + " " + done_.at(need).content + "\n";
        }
        return sha256_hex(text);
    }

    [[nodiscard]] std::map<std::string, fs::path> needs_of(const Step& step) const {
        std::map<std::string, fs::path> needs;
        for (const auto& need : step.needs) {
            needs.emplace(need, done_.at(need).path);
        }
        return needs;
    }

    Result<Artefact> perform(const Step& step, const std::string& key,
                             const std::map<std::string, fs::path>& needs) {
        Artefact artefact{.path = store_.path(step.name, key), .key = key, .content = key};
        const bool forced = std::ranges::find(options_.force, step.name) != options_.force.end();
        artefact.reused = !forced && store_.has(step.name, key);
        if (artefact.reused) {
            std::error_code ignored;
            fs::last_write_time(artefact.path, fs::file_time_type::clock::now(), ignored);
            report({.type = StepEvent::Type::reused, .step = step.name});
        } else {
            BEDPLATE_TRY(carry_out(step, key, needs));
        }
        if (auto digest = read_text(artefact.path / "digest"); digest) {
            artefact.content = std::string(trim(*digest));
        }
        return artefact;
    }

    Result<void> carry_out(const Step& step, const std::string& key,
                           const std::map<std::string, fs::path>& needs) {
        const auto began = std::chrono::steady_clock::now();
        const auto elapsed = [began] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        };
        report({.type = StepEvent::Type::started, .step = step.name});
        BEDPLATE_ASSIGN(const auto output, store_.begin(step.name, key));
        const fs::path log = options_.logs / (step.name + ".log");
        BEDPLATE_TRY(write_text(log, ""));
        const StepRun run{.output = output, .log = log, .needs = needs, .progress = [&](double fraction) {
                              report({StepEvent::Type::progress, step.name, fraction, elapsed()});
                          }};
        if (auto result = step.run(run); !result) {
            std::error_code ignored;
            fs::remove_all(output, ignored);
            Error error = std::move(result).error();
            if (const std::string tail = last_lines(log, 15); !tail.empty()) {
                error.message += std::format("\nthe last lines of {}:{}", log.string(), tail);
            }
            return with_context(std::move(error), "in step '" + step.name + "' of the image build");
        }
        BEDPLATE_TRY(store_.commit(output, step.name, key));
        report({StepEvent::Type::finished, step.name, 1, elapsed()});
        return {};
    }

    void report(const StepEvent& event) {
        const std::lock_guard lock(observer_mutex_);
        if (observer_) {
            observer_(event);
        }
    }

    const std::vector<Step>& steps_;
    const ArtefactStore& store_;
    const StepOptions& options_;
    const StepObserver& observer_;
    std::mutex mutex_, observer_mutex_;
    std::condition_variable changed_;
    std::vector<const Step*> waiting_;
    std::map<std::string, Artefact> done_;
    std::optional<Error> error_;
};

}  // namespace

Result<std::map<std::string, Artefact>> run_steps(const std::vector<Step>& steps, const ArtefactStore& store,
                                                  const StepOptions& options, const StepObserver& observer) {
    return Scheduler(steps, store, options, observer).run();
}

}  // namespace bedplate::image
