// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace bedplate::image {

/// Finished artefacts: one directory for each step and key, complete or not there at all.
class ArtefactStore {
public:
    explicit ArtefactStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] std::filesystem::path path(const std::string& step, const std::string& key) const;
    [[nodiscard]] bool has(const std::string& step, const std::string& key) const;
    /// An empty directory that nobody else uses; `commit` gives it its name.
    [[nodiscard]] Result<std::filesystem::path> begin(const std::string& step, const std::string& key) const;
    [[nodiscard]] Result<void> commit(const std::filesystem::path& begun, const std::string& step,
                                      const std::string& key) const;
    /// Keep the `keep` artefacts of a step that were used last.
    void prune(const std::string& step, std::size_t keep) const;

private:
    std::filesystem::path directory_;
};

/// What a running step gets.
struct StepRun {
    std::filesystem::path output;  ///< empty directory for its files
    std::filesystem::path log;
    std::map<std::string, std::filesystem::path> needs;  ///< artefact directories by step name
    std::function<void(double)> progress;                ///< 0..1
};

/// One step of the build. Equal inputs (its own and those of the steps it needs) mean an equal artefact: it
/// is run only if the store has none. A step that writes a file `digest` says by it whether the steps after
/// it have to run: their keys hold that digest instead of this step's key.
struct Step {
    std::string name;
    std::vector<std::string> needs;
    std::string inputs;  ///< digest of everything else the result depends on
    std::function<Result<void>(const StepRun&)> run;
};

struct StepEvent {
    enum class Type { started, progress, finished, reused } type = Type::started;
    std::string step;
    double fraction = 0;  ///< progress of the step
    double seconds = 0;   ///< since the step began
};
/// Called from several threads, one at a time.
using StepObserver = std::function<void(const StepEvent&)>;

struct Artefact {
    std::filesystem::path path;
    std::string key;      ///< of the step's inputs
    std::string content;  ///< what later keys depend on
    bool reused = false;
};

struct StepOptions {
    unsigned jobs = 2;
    std::filesystem::path logs;      ///< one file per step
    std::vector<std::string> force;  ///< steps to run even if the store has their artefact
};

/// Run what has to be run, independent steps at the same time. Errors: the first failing step's, with the
/// last lines of its log; step.unknown, step.cycle for a wrong graph.
[[nodiscard]] Result<std::map<std::string, Artefact>> run_steps(const std::vector<Step>& steps,
                                                                const ArtefactStore& store,
                                                                const StepOptions& options,
                                                                const StepObserver& observer);

}  // namespace bedplate::image
