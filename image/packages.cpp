// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/packages.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

#include "base/text.hpp"

namespace bedplate::image {

namespace {

/// Fields of one stanza; continuation lines are of no interest here.
std::map<std::string, std::string> stanza_fields(std::string_view stanza) {
    std::map<std::string, std::string> fields;
    for (const auto& line : split(stanza, '\n')) {
        const auto colon = line.find(": ");
        if (colon != std::string::npos && !line.starts_with(' ')) {
            fields.emplace(line.substr(0, colon), trim(std::string_view(line).substr(colon + 2)));
        }
    }
    return fields;
}

/// Characters that SPDX identifiers may have (SPDX 2.3, 7.2): letters, digits, '.' and '-'.
std::string spdx_id(std::string_view text) {
    std::string id(text);
    std::ranges::replace_if(
        id,
        [](char c) {
            return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '-');
        },
        '-');
    return id;
}

/// Percent-encoding as package URLs want it (purl specification): '+' and '~' matter in Debian versions.
std::string purl_escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '.' || c == '-' || c == '_' || c == '~';
        escaped += plain ? std::string(1, c)
                         : std::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return escaped;
}

Json spdx_package(const Package& package, const std::string& suite) {
    const std::string purl = std::format("pkg:deb/debian/{}@{}?arch={}&distro={}", purl_escape(package.name),
                                         purl_escape(package.version), package.architecture, suite);
    return {{"SPDXID", "SPDXRef-Package-" + spdx_id(package.name + "-" + package.architecture)},
            {"name", package.name},
            {"versionInfo", package.version},
            {"supplier", "Organization: Debian"},
            {"originator", "Organization: " + package.maintainer},
            {"downloadLocation", "NOASSERTION"},
            {"filesAnalyzed", false},
            {"sourceInfo", "built from Debian source package " + package.source},
            {"licenseConcluded", "NOASSERTION"},
            {"licenseDeclared", "NOASSERTION"},
            {"copyrightText", "NOASSERTION"},
            {"checksums", Json::array({{{"algorithm", "SHA256"}, {"checksumValue", package.sha256}}})},
            {"externalRefs", Json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                           {"referenceType", "purl"},
                                           {"referenceLocator", purl}}})}};
}

std::map<std::string, std::string> by_name(std::string_view lock) {
    std::map<std::string, std::string> entries;
    for (const auto& line : split(lock, '\n')) {
        const auto fields = split(line, '=');
        if (fields.size() == 4 && !line.starts_with('#')) {
            entries.emplace(fields[0] + ":" + fields[2], fields[1] + "=" + fields[3]);
        }
    }
    return entries;
}

}  // namespace

Result<std::vector<Package>> parse_packages(std::string_view text, const std::string& origin) {
    std::vector<Package> packages;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find("\n\n", at), text.size());
        const auto fields = stanza_fields(text.substr(at, end - at));
        at = end + 2;
        const auto get = [&](const std::string& name) {
            const auto found = fields.find(name);
            return found == fields.end() ? std::string{} : found->second;
        };
        // dpkg's own record of the package is shown as well; only the mirror's index knows the .deb's digest.
        if (!fields.contains("Package") || !fields.contains("SHA256")) {
            continue;
        }
        const std::string source = get("Source").empty() ? get("Package") : get("Source");
        packages.push_back({get("Package"), get("Version"), get("Architecture"),
                            source.substr(0, source.find(' ')), get("Maintainer"), get("SHA256")});
    }
    if (packages.empty()) {
        return fail("packages.syntax", std::format("{} lists no package", origin), origin);
    }
    std::ranges::sort(packages);
    const auto repeated = std::ranges::unique(packages);
    packages.erase(repeated.begin(), repeated.end());
    return packages;
}

std::vector<Package> merge(const std::vector<Package>& a, const std::vector<Package>& b) {
    std::vector<Package> all;
    std::ranges::set_union(a, b, std::back_inserter(all));
    return all;
}

std::string to_lock_text(const std::vector<Package>& packages) {
    std::string text = "# name=version=architecture=sha256 of every Debian package in the image\n";
    for (const auto& package : packages) {
        text +=
            std::format("{}={}={}={}\n", package.name, package.version, package.architecture, package.sha256);
    }
    return text;
}

Result<void> check_lock(const std::vector<Package>& packages, std::string_view lock,
                        const std::string& origin) {
    auto expected = by_name(lock);
    std::vector<std::string> differences;
    for (const auto& [name, entry] : by_name(to_lock_text(packages))) {
        const auto found = expected.find(name);
        if (found == expected.end()) {
            differences.push_back(std::format("{} is new ({})", name, split(entry, '=')[0]));
            continue;
        }
        if (found->second != entry) {
            differences.push_back(std::format("{}: locked {}, the mirror has {}", name,
                                              split(found->second, '=')[0], split(entry, '=')[0]));
        }
        expected.erase(found);
    }
    for (const auto& [name, entry] : expected) {
        differences.push_back(name + " is gone");
    }
    if (differences.empty()) {
        return {};
    }
    const std::size_t count = differences.size();
    differences.resize(std::min<std::size_t>(count, 20));
    return refuse("packages.lock",
                  std::format("{} package{} differ from the lock file:\n  {}", count, count == 1 ? "" : "s",
                              join(differences, "\n  ")),
                  origin,
                  "take out/packages.lock of a build without --lock as the new lock file, or use the "
                  "mirror that it was made from");
}

Json to_spdx(const SbomSubject& subject, const std::vector<Package>& packages) {
    const auto created = std::chrono::sys_seconds(std::chrono::seconds(subject.created));
    Json list = Json::array();
    list.push_back({{"SPDXID", "SPDXRef-Image"},
                    {"name", subject.name},
                    {"versionInfo", subject.version},
                    {"supplier", "NOASSERTION"},
                    {"downloadLocation", "NOASSERTION"},
                    {"filesAnalyzed", false},
                    {"licenseConcluded", "NOASSERTION"},
                    {"licenseDeclared", "GPL-3.0-or-later"},
                    {"copyrightText", "NOASSERTION"}});
    Json relationships = Json::array();
    relationships.push_back({{"spdxElementId", "SPDXRef-DOCUMENT"},
                             {"relationshipType", "DESCRIBES"},
                             {"relatedSpdxElement", "SPDXRef-Image"}});
    for (const auto& package : packages) {
        list.push_back(spdx_package(package, subject.suite));
        relationships.push_back({{"spdxElementId", "SPDXRef-Image"},
                                 {"relationshipType", "CONTAINS"},
                                 {"relatedSpdxElement", list.back()["SPDXID"]}});
    }
    return {{"spdxVersion", "SPDX-2.3"},
            {"dataLicense", "CC0-1.0"},
            {"SPDXID", "SPDXRef-DOCUMENT"},
            {"name", std::format("{}-{}", subject.name, subject.version)},
            {"documentNamespace", std::format("urn:bedplate:sbom:{}", subject.build_id)},
            {"creationInfo",
             {{"created", std::format("{:%FT%TZ}", created)},
              {"creators", Json::array({"Tool: bedplate-" + subject.version})}}},
            {"packages", std::move(list)},
            {"relationships", std::move(relationships)}};
}

}  // namespace bedplate::image
