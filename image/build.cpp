// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/build.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "image/artefacts.hpp"
#include "image/bootfiles.hpp"
#include "image/bootstrap.hpp"
#include "image/environment.hpp"
#include "image/files.hpp"
#include "image/inputs.hpp"
#include "image/medium.hpp"
#include "profile/profile.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

/// Raised when the code of a step changes what it makes from the same inputs.
constexpr std::string_view recipe = "1";
/// The same for how the medium is put together of the steps' results.
constexpr std::string_view medium_recipe = "3";

/// Our packages by name ("bedplate_0.1.0_amd64.deb"), sorted.
std::vector<fs::path> find_debs(const fs::path& directory, std::initializer_list<std::string_view> names) {
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& item : fs::directory_iterator(directory, error)) {
        const std::string file = item.path().filename().string();
        const bool wanted = std::ranges::any_of(
            names, [&](std::string_view name) { return file.starts_with(std::string(name) + "_"); });
        if (wanted && file.ends_with(".deb")) {
            found.push_back(fs::absolute(item.path()));
        }
    }
    std::ranges::sort(found);
    return found;
}

/// Only one build at a time may write into a build directory.
class BuildLock {
public:
    explicit BuildLock(const fs::path& path) {
        std::error_code ignored;
        fs::create_directories(path.parent_path(), ignored);
        fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        held_ = fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    }
    BuildLock(const BuildLock&) = delete;
    BuildLock& operator=(const BuildLock&) = delete;
    ~BuildLock() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    [[nodiscard]] bool held() const { return held_; }

private:
    int fd_ = -1;
    bool held_ = false;
};

class ImageBuild {
public:
    ImageBuild(CommandRunner& runner, const BuildOptions& options, const StepObserver& observer)
        : runner_(runner),
          options_(options),
          observer_(observer),
          work_(fs::absolute(options.build / "image")),
          out_(fs::absolute(options.out)),
          digests_(work_ / "inputs.json"),
          store_((options.cache.empty() ? work_ / "store" : options.cache / "artefacts")) {}

    Result<BuildResult> run() {
        const auto began = std::chrono::steady_clock::now();
        const BuildLock lock(work_ / "lock");
        if (!lock.held()) {
            return refuse("image.busy",
                          "another image build is using this directory, or it cannot be written",
                          work_.string(), "wait until it has ended");
        }
        BEDPLATE_TRY(load());
        BEDPLATE_ASSIGN(auto steps, make_steps());
        BEDPLATE_TRY(digests_.save());
        BEDPLATE_TRY(check_root(steps));
        BEDPLATE_ASSIGN(
            auto artefacts,
            run_steps(steps, store_,
                      {.jobs = options_.jobs,
                       .logs = options_.build / "logs",
                       .force = options_.refresh ? std::vector<std::string>{"node", "installer-root"}
                                                 : std::vector<std::string>{}},
                      observer_));
        BEDPLATE_ASSIGN(auto result, assemble(artefacts));
        for (const auto& step : steps) {
            store_.prune(step.name, 3);
        }
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        return result;
    }

private:
    Result<void> load() {
        std::error_code error;
        fs::create_directories(out_, error);
        BEDPLATE_ASSIGN(config_, load_image_config(options_.config, options_.source_date_epoch));
        config_.directory = fs::absolute(config_.directory);
        if (options_.secure_boot_key.empty() != options_.secure_boot_certificate.empty()) {
            return fail("image.secure-boot",
                        "a key without its certificate, or a certificate without its key");
        }
        BEDPLATE_ASSIGN(key_, signing_key(runner_, options_.signing_key, options_.build / "keys"));
        BEDPLATE_TRY(write_text(options_.build / "keys" / "allowed_signers", allowed_signers(key_)));
        sources_ = {.apt_sources = fs::absolute(options_.apt_sources.empty() ? options_.build / "apt-sources"
                                                                             : options_.apt_sources),
                    .debs = {},
                    .temporary = work_ / "tmp",
                    .source_date_epoch = config_.source_date_epoch};
        node_debs_ = find_debs(options_.debs, {"bedplate", "bedplate-node"});
        installer_debs_ = find_debs(options_.debs, {"bedplate", "bedplate-installer"});
        return load_profiles();
    }

    /// A profile with a mistake in it must not get into an image.
    Result<void> load_profiles() {
        Tree files;
        if (fs::is_directory(options_.profiles)) {
            BEDPLATE_TRY(read_source_files(options_.profiles, files));
        }
        Report report;
        for (auto& [path, node] : files) {
            if (node.kind == TreeNode::Kind::file && path.ends_with(".yaml") && !path.contains('/')) {
                static_cast<void>(load_profile(node.content, (options_.profiles / path).string(), report));
                profiles_.emplace(path, std::move(node));
            }
        }
        if (report.has_errors()) {
            return std::unexpected(report.to_error());
        }
        return {};
    }

    [[nodiscard]] BootstrapSources sources_for(const std::string& root) const {
        BootstrapSources sources = sources_;
        if (!options_.cache.empty()) {
            sources.debs = options_.cache / "debs" / root;
        }
        return sources;
    }

    Result<std::vector<Step>> make_steps() {
        const std::string epoch = std::to_string(config_.source_date_epoch);
        BEDPLATE_ASSIGN(const auto hooks, digests_.directory(config_.directory / "hooks"));
        BEDPLATE_ASSIGN(const auto node_files, digests_.directory(config_.directory / "node" / "files"));
        BEDPLATE_ASSIGN(const auto environment,
                        digests_.directory(config_.directory / "environment" / "files"));
        BEDPLATE_ASSIGN(const auto node_debs, digests_.files(node_debs_));
        BEDPLATE_ASSIGN(const auto installer_debs, digests_.files(installer_debs_));
        std::string lock;
        if (!options_.lock.empty()) {
            BEDPLATE_ASSIGN(lock, digests_.file(options_.lock));
        }
        std::string profiles;
        for (const auto& [path, node] : profiles_) {
            profiles += path + " " + sha256_hex(node.content) + "\n";
        }
        const auto inputs = [&](std::initializer_list<std::string> parts) {
            std::string text(recipe);
            for (const auto& part : parts) {
                text += "\n" + part;
            }
            return sha256_hex(text);
        };
        const auto level = [](int value) { return std::to_string(value); };
        return std::vector<Step>{
            {"node",
             {},
             inputs({config_.node.digest, hooks, node_files, epoch, level(config_.node_level), lock}),
             [this](const StepRun& run) { return run_node(run); }},
            {"installer-root",
             {},
             inputs({config_.installer.root.digest, hooks, epoch, lock}),
             [this](const StepRun& run) {
                 return bootstrap(runner_, config_.installer.root, false, config_.directory,
                                  sources_for("installer"), run.output, run.log);
             }},
            {"loader", {"node"}, inputs({}), [this](const StepRun& run) { return run_loader(run); }},
            {"node-overlay",
             {"node"},
             inputs({"3", node_debs, epoch, level(config_.overlay_level)}),
             [this](const StepRun& run) {
                 return build_node_overlay(runner_, config_, node_debs_, run.needs.at("node"), run.output,
                                           run.log);
             }},
            {"installer-overlay",
             {},
             inputs({installer_debs, profiles, allowed_signers(key_), epoch, level(config_.overlay_level)}),
             [this](const StepRun& run) {
                 return build_installer_overlay(runner_, config_, installer_debs_, profiles_,
                                                allowed_signers(key_), run.output);
             }},
            {"installer",
             {"node", "installer-root"},
             inputs({config_.installer.digest, environment, epoch, level(config_.installer_level)}),
             [this](const StepRun& run) {
                 return build_environment(runner_, config_, run.needs.at("installer-root") / "root.tar",
                                          run.needs.at("node") / node_parts, run.output, run.log,
                                          options_.jobs);
             }},
        };
    }

    Result<void> run_node(const StepRun& run) {
        BEDPLATE_TRY(bootstrap(runner_, config_.node, true, config_.directory, sources_for("node"),
                               run.output, run.log));
        run.progress(0.8);
        return split_node_root(config_, run.output, options_.jobs,
                               [&](double fraction) { run.progress(0.8 + 0.2 * fraction); });
    }

    Result<void> run_loader(const StepRun& run) {
        BEDPLATE_ASSIGN(const auto files,
                        loader_files(runner_, run.needs.at("node") / node_parts, run.output / "scratch"));
        BEDPLATE_ASSIGN(const auto tar, to_tar(files, config_.source_date_epoch));
        return write_text(run.output / "loader.tar", tar);
    }

    /// Bootstrapping makes a root file system with other users' files and device nodes.
    Result<void> check_root(const std::vector<Step>& steps) const {
        if (::geteuid() == 0) {
            return {};
        }
        for (const auto& step : steps) {
            const std::string key = sha256_hex(step.name + "\n" + step.inputs + "\n");
            if (step.needs.empty() && step.name != "installer-overlay" && !store_.has(step.name, key)) {
                return fail("image.root",
                            std::format("step '{}' bootstraps a Debian tree, which needs root", step.name),
                            {}, "run it as root, or let `make iso` call sudo");
            }
        }
        return {};
    }

    Result<std::vector<Package>> packages_of(const std::map<std::string, Artefact>& artefacts) {
        std::vector<Package> all;
        for (const char* step : {"node", "installer-root"}) {
            const fs::path file = artefacts.at(step).path / packages_file;
            BEDPLATE_ASSIGN(const auto text, read_text(file));
            BEDPLATE_ASSIGN(const auto packages, parse_packages(text, file.string()));
            all = merge(all, packages);
        }
        if (!options_.lock.empty()) {
            BEDPLATE_ASSIGN(const auto lock, read_text(options_.lock));
            BEDPLATE_TRY(check_lock(all, lock, options_.lock.string()));
        }
        return all;
    }

    /// What the files in out/ were made from: they are complete when the record says so and nobody touched
    /// them.
    Result<std::string> wanted_record(const std::map<std::string, Artefact>& artefacts) {
        std::string text(medium_recipe);
        for (const auto& [name, artefact] : artefacts) {
            text += "\n" + name + " " + artefact.content;
        }
        BEDPLATE_ASSIGN(const auto grub, digests_.directory(config_.directory / "grub"));
        BEDPLATE_TRY(digests_.save());
        if (!options_.secure_boot_certificate.empty()) {
            BEDPLATE_ASSIGN(const auto certificate, digests_.file(options_.secure_boot_certificate));
            text += "\n" + certificate;
        }
        text += "\n" + grub + "\n" + BEDPLATE_VERSION + "\n" + key_.public_key;
        for (const auto& [path, node] : profiles_) {
            text += "\n" + path + " " + sha256_hex(node.content);
        }
        return sha256_hex(text);
    }

    [[nodiscard]] std::string stamps() const {
        std::string text;
        for (const std::string& name :
             {iso_file(), std::string("manifest.json"), std::string("manifest.json.sig"),
              std::string("sbom.spdx.json"), std::string("packages.lock"),
              std::string("pxe/boot/installer.cpio.zst"), std::string("pxe/") + payload_path}) {
            const std::string stamp = file_stamp(out_ / name);
            text += name + " " + (stamp.empty() ? "missing" : stamp) + "\n";
        }
        return text;
    }

    Result<BuildResult> assemble(const std::map<std::string, Artefact>& artefacts) {
        BEDPLATE_ASSIGN(const auto wanted, wanted_record(artefacts));
        BEDPLATE_ASSIGN(const auto packages, packages_of(artefacts));
        const fs::path record = work_ / (iso_file() + ".record");
        BuildResult result{.iso = out_ / iso_file(),
                           .packages = packages.size(),
                           .key = key_.path,
                           .development_key = key_.development};
        const auto known = read_text(record);
        result.changed = !known || *known != wanted + "\n" + stamps();
        if (!result.changed) {
            return describe_unchanged(std::move(result));
        }
        std::error_code error;
        fs::remove(record, error);
        observer_({.type = StepEvent::Type::started, .step = "medium"});
        const auto began = std::chrono::steady_clock::now();
        BEDPLATE_ASSIGN(const auto medium, make(artefacts));
        BEDPLATE_TRY(write_documents(medium, packages));
        BEDPLATE_TRY(write_text(record, wanted + "\n" + stamps()));
        result.iso_size = medium.size;
        result.build_id = medium.manifest.build_id;
        observer_(
            {.type = StepEvent::Type::finished,
             .step = "medium",
             .fraction = 1,
             .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()});
        return result;
    }

    Result<BuildResult> describe_unchanged(BuildResult result) const {
        BEDPLATE_ASSIGN(const auto text, read_text(out_ / "manifest.json"));
        BEDPLATE_ASSIGN(const auto json, parse_json(text, "manifest.json"));
        BEDPLATE_ASSIGN(const auto manifest, manifest_from_json(json, "manifest.json"));
        BEDPLATE_ASSIGN(const auto iso, File::open(result.iso, File::Mode::read));
        BEDPLATE_ASSIGN(result.iso_size, iso.size());
        result.build_id = manifest.build_id;
        return result;
    }

    Result<BuiltMedium> make(const std::map<std::string, Artefact>& artefacts) {
        MediumParts parts{.node = artefacts.at("node").path,
                          .node_overlay = artefacts.at("node-overlay").path,
                          .installer = artefacts.at("installer").path,
                          .installer_overlay = artefacts.at("installer-overlay").path,
                          .loader = {},
                          .profiles = profiles_};
        BEDPLATE_TRY(read_tar(
            artefacts.at("loader").path / "loader.tar", [](std::string_view) { return true; }, parts.loader));
        return make_medium(runner_, config_, parts, medium_options());
    }

    [[nodiscard]] MediumOptions medium_options() const {
        return {.version = BEDPLATE_VERSION,
                .work = work_ / "medium",
                .out = out_,
                .key = key_,
                .net = options_.net,
                .secure_boot_key = options_.secure_boot_key,
                .secure_boot_certificate = options_.secure_boot_certificate};
    }
    [[nodiscard]] std::string iso_file() const { return iso_name(medium_options()); }

    Result<void> write_documents(const BuiltMedium& medium, const std::vector<Package>& packages) const {
        const SbomSubject subject{.name = "bedplate-image",
                                  .version = BEDPLATE_VERSION,
                                  .build_id = medium.manifest.build_id,
                                  .suite = config_.node.suite,
                                  .created = config_.source_date_epoch};
        BEDPLATE_TRY(write_text(out_ / "sbom.spdx.json", to_spdx(subject, packages).dump(1) + "\n"));
        return write_text(out_ / "packages.lock", to_lock_text(packages));
    }

    CommandRunner& runner_;
    const BuildOptions& options_;
    const StepObserver& observer_;
    fs::path work_, out_;
    InputDigests digests_;
    ArtefactStore store_;
    ImageConfig config_;
    SigningKey key_;
    BootstrapSources sources_;
    std::vector<fs::path> node_debs_, installer_debs_;
    Tree profiles_;
};

}  // namespace

fs::path cache_directory() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    if (const std::string given = variable("BEDPLATE_CACHE"); !given.empty()) {
        return given == "off" ? fs::path{} : fs::absolute(given);
    }
    if (const std::string xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) {
        return fs::path(xdg) / "bedplate";
    }
    const std::string home = variable("HOME");
    return home.empty() ? fs::path{} : fs::path(home) / ".cache" / "bedplate";
}

Result<BuildResult> build_image(CommandRunner& runner, const BuildOptions& options,
                                const StepObserver& observer) {
    return ImageBuild(runner, options, observer).run();
}

}  // namespace bedplate::image
