// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/install_sources.hpp"

#include <algorithm>
#include <array>

#include "base/manifest.hpp"
#include "base/site_area_secrets.hpp"
#include "base/text.hpp"

namespace bedplate {

namespace {

constexpr std::string_view not_yaml = "site.not-yaml";

std::string without_slash(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    return url;
}

Result<std::optional<std::string>> server(const FileSystem& files, const DocumentPlaces& places,
                                          std::string_view name) {
    const auto value = kernel_argument(files, places, name);
    if (!value) {
        return std::optional<std::string>{};
    }
    if (!is_url(*value)) {
        return std::unexpected(
            Error{.kind = ErrorKind::usage,
                  .code = "source.url",
                  .message = std::format("{}= is not an http:// or https:// address", name),
                  .where = *value,
                  .hint = {},
                  .context = {}});
    }
    return std::optional(without_slash(*value));
}

/// GRUB and PXELINUX write "01-aa-bb-cc-dd-ee-ff": hardware type, then the address.
std::optional<std::string> boot_mac(const FileSystem& files, const DocumentPlaces& places) {
    auto value = kernel_argument(files, places, "BOOTIF");
    if (!value || value->size() != 20 || !value->starts_with("01-")) {
        return std::nullopt;
    }
    value->erase(0, 3);
    std::ranges::replace(*value, '-', ':');
    return value;
}

bool is_document(std::string_view url) {
    url = url.substr(0, url.find('?'));
    return url.ends_with(".yaml") || url.ends_with(".yml");
}

Result<Site> parse(std::string_view text, const std::string& url) {
    Report report;
    auto site = load_site(text, url, report);
    if (!site) {
        return std::unexpected(report.to_error());
    }
    return *std::move(site);
}

}  // namespace

bool InstallSources::needs_network() const {
    return payload || report || (site && is_url(*site));
}

Result<InstallSources> install_sources(const FileSystem& files, const DocumentPlaces& places,
                                       const std::optional<std::string>& given) {
    InstallSources sources{.site = given ? given : kernel_argument(files, places, "bedplate.site")};
    BEDPLATE_ASSIGN(sources.payload, server(files, places, "bedplate.payload"));
    BEDPLATE_ASSIGN(sources.report, server(files, places, "bedplate.report"));
    sources.boot_mac = boot_mac(files, places);
    if (const auto pin = kernel_argument(files, places, "bedplate.fingerprint")) {
        if (!parse_fingerprint(*pin)) {
            return std::unexpected(
                Error{.kind = ErrorKind::usage,
                      .code = "source.fingerprint",
                      .message = "bedplate.fingerprint= is not the SHA-256 of a certificate",
                      .where = *pin,
                      .hint = "openssl x509 -in server.pem -noout -fingerprint -sha256 prints it",
                      .context = {}});
        }
    }
    if (auto token = kernel_argument(files, places, "bedplate.token")) {
        sources.trust.token = Secret(std::move(*token));
    } else if (const auto file = files.read(places.site_area / site_area::token)) {
        sources.trust.token = Secret(std::string(trim(*file)));
    }
    return sources;
}

Json node_request(const Inventory& machine) {
    Json macs = Json::array();
    for (const auto& nic : machine.nics) {
        macs.push_back(nic.permanent_mac.empty() ? nic.mac : nic.permanent_mac);
    }
    return {{"schema", "bedplate/node-request/v1"}, {"service_tag", machine.system.serial},
            {"uuid", machine.system.uuid},          {"manufacturer", machine.system.manufacturer},
            {"product", machine.system.product},    {"macs", std::move(macs)}};
}

Result<Site> site_from_server(Platform& platform, const ServerTrust& trust, const std::string& url,
                              const Inventory& machine) {
    if (is_document(url)) {
        BEDPLATE_ASSIGN(const auto text, fetch_document(platform, trust, {.url = url}, not_yaml));
        return parse(text, url);
    }
    const std::string base = without_slash(url);
    const std::string asked = base + "/node";
    BEDPLATE_ASSIGN(
        const auto answer,
        fetch(platform, trust, {.method = "POST", .url = asked, .body = node_request(machine).dump()}));
    if (answer.status == 204) {
        return refuse("site.boot-local", "the server has nothing to install on this machine", asked,
                      "it starts from its own disk; to install it anew, say so on the server");
    }
    constexpr std::array no_such_thing{404, 405, 501};
    if (std::ranges::find(no_such_thing, answer.status) == no_such_thing.end()) {
        BEDPLATE_ASSIGN(const auto text, document_of(answer, asked, not_yaml));
        return parse(text, asked);
    }
    const std::string whole = base + "/site.yaml";
    BEDPLATE_ASSIGN(const auto text, fetch_document(platform, trust, {.url = whole}, not_yaml));
    return parse(text, whole);
}

}  // namespace bedplate
