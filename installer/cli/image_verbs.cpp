// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

#include "base/quantities.hpp"
#include "cli/verbs.hpp"
#include "image/build.hpp"
#include "image/files.hpp"
#include "image/inspect.hpp"
#include "image/personalize.hpp"
#include "image/pxe.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate::cli {

namespace {

/// Progress of a build on stderr: a line when a step begins or ends, and in between at most one every ten
/// seconds.
class BuildProgress {
public:
    void operator()(const image::StepEvent& event) {
        switch (event.type) {
            case image::StepEvent::Type::started:
                line(std::format("{}: started", event.step));
                break;
            case image::StepEvent::Type::finished:
                line(std::format("{}: done in {:.1f} s", event.step, event.seconds));
                break;
            case image::StepEvent::Type::progress:
                progress(event);
                break;
            case image::StepEvent::Type::reused:
                break;
        }
    }

private:
    using Clock = std::chrono::steady_clock;

    void progress(const image::StepEvent& event) {
        if (Clock::now() - last_ < std::chrono::seconds{10}) {
            return;
        }
        std::string left;
        if (event.fraction > 0.05) {
            left = std::format(", about {:.0f} s left", event.seconds / event.fraction - event.seconds);
        }
        line(std::format("{}: {:.0f} %{}", event.step, event.fraction * 100, left));
    }

    void line(const std::string& text) {
        last_ = Clock::now();
        const double elapsed = std::chrono::duration<double>(last_ - began_).count();
        std::cerr << std::format("[{:5.1f} s] {}\n", elapsed, text);
    }

    Clock::time_point began_ = Clock::now();
    Clock::time_point last_ = began_;
};

Result<int> build(image::BuildOptions options, const Invocation& invocation) {
    const auto runner = linux_command_runner();
    options.cache = image::cache_directory();
    if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr) {
        options.source_date_epoch = epoch;
    }
    BuildProgress progress;
    BEDPLATE_ASSIGN(
        const auto result,
        image::build_image(*runner, options, [&](const image::StepEvent& event) { progress(event); }));
    if (invocation.json) {
        print_json({{"schema", "bedplate/image-build/v1"},
                    {"changed", result.changed},
                    {"iso", result.iso.string()},
                    {"size", result.iso_size.value},
                    {"build_id", result.build_id},
                    {"packages", result.packages},
                    {"signing_key", result.key.string()},
                    {"development_key", result.development_key},
                    {"seconds", result.seconds}});
    } else if (!result.changed) {
        std::cout << std::format("nothing changed: {} ({}, build {}) is up to date\n", result.iso.string(),
                                 to_label_text(result.iso_size), result.build_id);
    } else {
        std::cout << std::format("{}: {}, build {}, {} packages, {:.1f} s\n", result.iso.string(),
                                 to_label_text(result.iso_size), result.build_id, result.packages,
                                 result.seconds);
    }
    if (result.development_key) {
        std::cerr << "WARNING: signed with the development key " << result.key.string()
                  << ", which was made on this machine and proves nothing to others; "
                     "give --signing-key for an image that leaves it.\n";
    }
    return 0;
}

/// Where the key stands that images are verified with: in the installer and on nodes, else where a build left
/// it.
std::filesystem::path default_signers() {
    for (const char* path : {"/etc/bedplate/allowed_signers", "build/keys/allowed_signers"}) {
        std::error_code error;
        if (std::filesystem::exists(path, error)) {
            return path;
        }
    }
    return "/etc/bedplate/allowed_signers";
}

/// The medium this installer was started from, by its volume label.
Result<std::filesystem::path> find_medium() {
    std::error_code error;
    for (const auto& item : std::filesystem::directory_iterator("/dev/disk/by-label", error)) {
        if (item.path().filename().string().starts_with("BEDPLATE_")) {
            return item.path();
        }
    }
    return fail("medium.none", "no installation medium was found (volume label BEDPLATE...)",
                "/dev/disk/by-label", "leave the medium that the installer was started from in its drive");
}

struct ImageArguments {
    std::filesystem::path image, signers;
    bool medium = false;
    unsigned jobs = 2;
};

Result<int> inspect(const ImageArguments& arguments, const Invocation& invocation) {
    BEDPLATE_ASSIGN(const auto opened, image::open_image(arguments.image, image::File::Mode::read));
    BEDPLATE_ASSIGN(const auto area, image::read_site_area(opened));
    if (invocation.json) {
        print_json(image::to_json(opened, area));
    } else {
        std::cout << image::to_text(opened, area);
    }
    return 0;
}

Result<int> verify(const ImageArguments& arguments, const Invocation& invocation) {
    std::filesystem::path path = arguments.image;
    if (arguments.medium) {
        BEDPLATE_ASSIGN(path, find_medium());
    } else if (path.empty()) {
        std::cerr << "bedplate: name an image, or give --medium\n";
        return exit_status(ErrorKind::usage);
    }
    const auto runner = linux_command_runner();
    const auto signers = arguments.signers.empty() ? default_signers() : arguments.signers;
    BEDPLATE_ASSIGN(const auto opened, image::open_image(path, image::File::Mode::read));
    const auto began = std::chrono::steady_clock::now();
    BEDPLATE_TRY(image::verify_image(*runner, opened, signers, arguments.jobs, {}));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const auto& manifest = opened.manifest;
    if (invocation.json) {
        print_json({{"schema", "bedplate/image-verify/v1"},
                    {"image", path.string()},
                    {"build_id", manifest.build_id},
                    {"files", manifest.files.size() + 1},
                    {"chunks", manifest.payload.chunks.size()},
                    {"ok", true},
                    {"seconds", seconds}});
    } else {
        std::cout << std::format("{}: the signature, {} files and {} chunks are good (build {}, {:.1f} s)\n",
                                 path.string(), manifest.files.size() + 1, manifest.payload.chunks.size(),
                                 manifest.build_id, seconds);
    }
    return 0;
}

struct PersonalizeArguments {
    std::filesystem::path image, site, secrets, token, ticket, output;
    std::vector<std::filesystem::path> profiles;
    std::vector<std::string> kernel_arguments;
    std::string console;
    bool clear = false;
};

Result<image::SiteFiles> site_files(const PersonalizeArguments& arguments) {
    image::SiteFiles files;
    if (!arguments.site.empty()) {
        BEDPLATE_ASSIGN(files.site, image::read_text(arguments.site));
        files.site_origin = arguments.site.string();
    }
    for (const auto& profile : arguments.profiles) {
        BEDPLATE_ASSIGN(auto text, image::read_text(profile));
        files.profiles.emplace_back(profile.filename().string(), std::move(text));
    }
    for (const auto& [path, secret] :
         {std::pair(&arguments.secrets, &files.secrets), std::pair(&arguments.token, &files.token),
          std::pair(&arguments.ticket, &files.ticket)}) {
        if (!path->empty()) {
            BEDPLATE_ASSIGN(auto text, image::read_text(*path));
            *secret = Secret(std::move(text));
        }
    }
    files.console = arguments.console;
    files.kernel_arguments = arguments.kernel_arguments;
    return files;
}

Result<int> personalize(const PersonalizeArguments& arguments, const Invocation& invocation) {
    const bool anything = !arguments.site.empty() || !arguments.profiles.empty() ||
                          !arguments.secrets.empty() || !arguments.token.empty() ||
                          !arguments.ticket.empty() || !arguments.kernel_arguments.empty() ||
                          !arguments.console.empty();
    if (anything == arguments.clear) {
        std::cerr << "bedplate: give what the image shall hold (--site FILE ...), or --clear\n";
        return exit_status(ErrorKind::usage);
    }
    BEDPLATE_ASSIGN(const auto files, site_files(arguments));
    if (const auto report = image::validate(files); report.has_errors()) {
        return std::unexpected(report.to_error());
    }
    std::filesystem::path target = arguments.image;
    std::error_code error;
    if (!arguments.output.empty()) {
        target = arguments.output;
        std::filesystem::copy_file(arguments.image, target, std::filesystem::copy_options::overwrite_existing,
                                   error);
        if (error) {
            return fail("file.write", "cannot copy the image: " + error.message(), target.string());
        }
    }
    const bool secret = !files.secrets.empty() || !files.token.empty() || !files.ticket.empty();
    if (secret && std::filesystem::is_regular_file(target, error)) {
        // Before the secrets are in it: whoever may read the image may read them.
        std::filesystem::permissions(
            target, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    }
    BEDPLATE_TRY(image::personalize(target, files));
    if (invocation.json) {
        print_json({{"schema", "bedplate/image-personalize/v1"}, {"image", target.string()}});
    } else {
        std::cout << target.string() << (arguments.clear ? ": no site any more\n" : ": personalised\n");
    }
    return 0;
}

struct PxeArguments {
    std::filesystem::path image, out = "pxe", site;
    image::PxeOptions options;
    std::string range;
};

Result<int> pxe(const PxeArguments& arguments, const Invocation& invocation) {
    image::PxeOptions options = arguments.options;
    if (!arguments.site.empty()) {
        BEDPLATE_ASSIGN(options.site, image::read_text(arguments.site));
        options.site_origin = arguments.site.string();
    }
    if (const auto comma = arguments.range.find(','); comma != std::string::npos) {
        options.first_address = arguments.range.substr(0, comma);
        options.last_address = arguments.range.substr(comma + 1);
    }
    BEDPLATE_TRY(image::write_pxe_tree(arguments.image, options, arguments.out));
    if (invocation.json) {
        print_json({{"schema", "bedplate/image-pxe/v1"}, {"directory", arguments.out.string()}});
    } else {
        std::cout << arguments.out.string()
                  << ": ready to be served; dnsmasq.conf and nginx.conf in it are complete examples\n";
    }
    return 0;
}

template <typename Options, typename Action>
void on_call(CLI::App* verb, Invocation& invocation, std::shared_ptr<Options> options, Action action) {
    verb->add_flag("--json", invocation.json, "Print JSON");
    verb->callback([=, &invocation] {
        invocation.run = [=, &invocation] {
            const Result<int> status = action(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

void add_build_verb(CLI::App& image_verb, Invocation& invocation) {
    auto* verb = image_verb.add_subcommand("build", "Build the ISO, the PXE tree, SBOM and lock file");
    auto options = std::make_shared<image::BuildOptions>();
    options->jobs = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    verb->add_option("--config", options->config, "Configuration of the image");
    verb->add_option("--out", options->out, "Directory for the results");
    verb->add_option("--build", options->build, "Directory for work, logs and the development key");
    verb->add_option("--debs", options->debs, "Directory with Bedplate's own packages");
    verb->add_option("--profiles", options->profiles, "Directory with hardware profiles");
    verb->add_option("--signing-key", options->signing_key, "OpenSSH private key (Ed25519) for the manifest");
    verb->add_option("--lock", options->lock, "Refuse package versions other than in this packages.lock");
    verb->add_option("--apt-sources", options->apt_sources, "sources.list to take packages from");
    verb->add_option_function<std::string>(
            "--variant", [options](const std::string& name) { options->net = name == "net"; },
            "full, or net: without the payload, which the installer then fetches (bedplate.payload=)")
        ->check(CLI::IsMember({"full", "net"}));
    verb->add_option("--secure-boot-key", options->secure_boot_key,
                     "Key (PEM) that signs a unified kernel image, for firmware with keys of your own");
    verb->add_option("--cert", options->secure_boot_certificate, "Its certificate (PEM)");
    verb->add_flag("--refresh", options->refresh, "Bootstrap again with what the mirror has now");
    verb->add_option("--jobs", options->jobs, "Threads")->check(CLI::Range(1, 256));
    on_call(verb, invocation, options, build);
}

void add_inspect_verb(CLI::App& image_verb, Invocation& invocation) {
    auto* verb = image_verb.add_subcommand("inspect", "What is in an image; checks nothing, needs no root");
    auto arguments = std::make_shared<ImageArguments>();
    verb->add_option("image", arguments->image, "ISO file or disk")->required();
    on_call(verb, invocation, arguments, inspect);
}

void add_verify_verb(CLI::App& image_verb, Invocation& invocation) {
    auto* verb = image_verb.add_subcommand("verify", "Check an image's signature and every byte it covers");
    auto arguments = std::make_shared<ImageArguments>();
    arguments->jobs = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    verb->add_option("image", arguments->image, "ISO file or disk");
    verb->add_flag("--medium", arguments->medium, "The medium this installer was started from");
    verb->add_option("--allowed-signers", arguments->signers, "Whose signature is good (ssh-keygen(1))");
    on_call(verb, invocation, arguments, verify);
}

void add_personalize_verb(CLI::App& image_verb, Invocation& invocation) {
    auto* verb =
        image_verb.add_subcommand("personalize", "Put a site into an image, in place, within seconds");
    auto arguments = std::make_shared<PersonalizeArguments>();
    verb->add_option("image", arguments->image, "ISO file, or a disk it was written to")->required();
    verb->add_option("--site", arguments->site, "Site document");
    verb->add_option("--profile", arguments->profiles, "More hardware profiles");
    verb->add_option("--secrets", arguments->secrets, "Secrets file; the image is as secret as it then");
    verb->add_option("--token-file", arguments->token, "Bearer token for the server of bedplate.site=");
    verb->add_option("--ticket", arguments->ticket, "Join ticket; the image is as secret as it then");
    verb->add_option("--console", arguments->console, "Serial line of installer and node: ttyS0 or ttyS1");
    verb->add_option("--kernel-arg", arguments->kernel_arguments,
                     "More arguments for the installer's kernel");
    verb->add_option("--output", arguments->output,
                     "Copy the image there first and leave the original alone");
    verb->add_flag("--clear", arguments->clear, "Take site, profiles, secrets and arguments out again");
    on_call(verb, invocation, arguments, personalize);
}

void add_pxe_verb(CLI::App& image_verb, Invocation& invocation) {
    auto* verb = image_verb.add_subcommand("pxe", "Write what a boot server needs, out of an image");
    auto arguments = std::make_shared<PxeArguments>();
    auto& options = arguments->options;
    verb->add_option("image", arguments->image, "ISO file or disk")->required();
    verb->add_option("--out", arguments->out, "Directory to write");
    verb->add_option("--base-url", options.base_url, "Where the tree will be served (http://...)");
    verb->add_option("--site", arguments->site, "Site document to serve beside it");
    verb->add_flag("--unattended", options.unattended,
                   "Install by itself on machines that hold no finished node of the generation");
    verb->add_option("--generation", options.generation, "The site document's install.generation");
    verb->add_option("--console", options.console, "Serial line: ttyS0 or ttyS1")
        ->check(CLI::IsMember({"ttyS0", "ttyS1"}));
    verb->add_option("--kernel-arg", options.kernel_arguments, "More arguments for the installer's kernel");
    verb->add_option("--interface", options.interface, "Of the boot server, for dnsmasq.conf");
    verb->add_option("--server", options.server_address, "Address of the boot server");
    verb->add_option("--range", arguments->range, "FIRST,LAST address to give away");
    verb->add_option("--proxy-dhcp", options.subnet, "Only proxy DHCP, for this subnet")
        ->each([&options](const std::string&) { options.proxy_dhcp = true; });
    verb->add_option("--directory", options.directory, "Where the tree will be on the boot server");
    on_call(verb, invocation, arguments, pxe);
}

}  // namespace

void add_image_verbs(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("image", "Build and handle installation images");
    verb->require_subcommand(1);
    add_build_verb(*verb, invocation);
    add_inspect_verb(*verb, invocation);
    add_verify_verb(*verb, invocation);
    add_personalize_verb(*verb, invocation);
    add_pxe_verb(*verb, invocation);
}

}  // namespace bedplate::cli
