// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/bootstrap.hpp"

#include "base/text.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> bootstrap_argv(const RootConfig& root, bool node, const fs::path& hooks,
                                        const BootstrapSources& sources, const fs::path& tar) {
    std::vector<std::string> argv{"mmdebstrap",
                                  "--mode=root",
                                  "--variant=apt",
                                  "--format=tar",
                                  "--include=" + join(root.packages, ","),
                                  "--aptopt=APT::Install-Recommends \"false\"",
                                  "--aptopt=Acquire::Retries \"3\"",
                                  "--aptopt=Acquire::Languages \"none\"",
                                  "--dpkgopt=force-unsafe-io"};
    for (const char* path : {"/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*",
                             "/usr/share/lintian/*", "/usr/share/doc/*"}) {
        argv.push_back(std::string("--dpkgopt=path-exclude=") + path);
    }
    argv.emplace_back("--dpkgopt=path-include=/usr/share/doc/*/copyright");
    for (const auto& path : root.exclude) {
        argv.push_back("--dpkgopt=path-exclude=" + path);
    }
    // The hooks see to the downloaded packages: mmdebstrap would start without any and throw them away.
    argv.insert(argv.end(), {"--skip=download/empty", "--skip=essential/unlink",
                             "--setup-hook=" + (hooks / "setup").string(),
                             "--customize-hook=" + (hooks / "customize").string()});
    if (node) {
        argv.push_back("--customize-hook=" + (hooks / "customize-node").string());
    }
    argv.insert(argv.end(), {root.suite, tar.string(), sources.apt_sources.string()});
    return argv;
}

}  // namespace

Result<void> bootstrap(CommandRunner& runner, const RootConfig& root, bool node,
                       const fs::path& image_directory, const BootstrapSources& sources,
                       const fs::path& output, const fs::path& log) {
    std::error_code error;
    fs::create_directories(sources.temporary, error);
    const fs::path directory = fs::absolute(image_directory);
    Command command{.argv = bootstrap_argv(root, node, directory / "hooks", sources, output / "root.tar"),
                    .timeout = std::chrono::hours{2},
                    .environment = {{"SOURCE_DATE_EPOCH", std::to_string(sources.source_date_epoch)},
                                    {"TMPDIR", sources.temporary.string()},
                                    {"BEDPLATE_PACKAGES", (output / "packages").string()},
                                    {"BEDPLATE_NODE_FILES", (directory / "node" / "files").string()}},
                    .output_file = log};
    if (!sources.debs.empty()) {
        fs::create_directories(sources.debs, error);
        command.environment.emplace_back("BEDPLATE_DEBS", sources.debs.string());
    }
    // A proxy is part of how this machine reaches its mirror, like the mirror itself.
    for (const char* name : {"http_proxy", "https_proxy", "no_proxy"}) {
        if (const char* value = std::getenv(name); value != nullptr) {
            command.environment.emplace_back(name, value);
        }
    }
    BEDPLATE_ASSIGN(const auto result, runner.run(command));
    if (result.exit_status != 0) {
        return fail("image.bootstrap",
                    std::format("mmdebstrap ended with exit status {}", result.exit_status), log.string(),
                    "look at the log; a package that is gone from the mirror or no network are the usual "
                    "reasons");
    }
    return {};
}

}  // namespace bedplate::image
