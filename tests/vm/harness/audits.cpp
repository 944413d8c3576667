// SPDX-License-Identifier: GPL-3.0-or-later
#include "audits.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <format>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>

#include "base/text.hpp"
#include "disk_images.hpp"
#include "platform/descriptor.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

std::string base64(std::string_view data) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    // Whole groups only: how the last one ends depends on what follows the secret.
    for (std::size_t i = 0; i + 2 < data.size(); i += 3) {
        const auto byte = [&](std::size_t k) {
            return static_cast<unsigned>(static_cast<unsigned char>(data[i + k]));
        };
        const unsigned group = byte(0) << 16U | byte(1) << 8U | byte(2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) {
            out += alphabet[(group >> shift) & 63U];
        }
    }
    return out;
}

std::string hex(std::string_view data, bool upper) {
    std::string out;
    for (const char c : data) {
        const auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
        out += upper ? std::format("{:02X}", byte) : std::format("{:02x}", byte);
    }
    return out;
}

/// Every place of any form in `text` where it does not belong.
void search(std::string_view text, const std::vector<std::string>& forms, const Canary& canary,
            const std::function<void(std::size_t offset, std::size_t form)>& found) {
    for (std::size_t form = 0; form < forms.size(); ++form) {
        const std::boyer_moore_horspool_searcher searcher(forms[form].begin(), forms[form].end());
        for (auto at = text.begin(); (at = std::search(at, text.end(), searcher)) != text.end(); ++at) {
            const auto offset = static_cast<std::size_t>(at - text.begin());
            const auto before = text.substr(0, offset);
            if (form != 0 || canary.allowed_after.empty() || !before.ends_with(canary.allowed_after)) {
                found(offset, form);
            }
        }
    }
}

/// Calls `visit` for each stretch of data in a sparse file; stretches overlap by `overlap` bytes.
Result<void> visit_data(const fs::path& image, std::size_t overlap,
                        const std::function<void(std::uint64_t offset, std::string_view data)>& visit) {
    const Descriptor file(::open(image.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        return fail("image.read", "cannot open", image.string());
    }
    std::string buffer(8U << 20U, '\0');
    for (off_t at = 0; (at = ::lseek(file.get(), at, SEEK_DATA)) >= 0;) {
        const off_t end = ::lseek(file.get(), at, SEEK_HOLE);
        while (at < end) {
            const auto wanted = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(end - at));
            const auto got = ::pread(file.get(), buffer.data(), wanted, at);
            if (got <= 0) {
                return fail("image.read", "cannot read", image.string());
            }
            visit(static_cast<std::uint64_t>(at),
                  std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
            const bool last = at + got >= end;
            at +=
                last || static_cast<std::size_t>(got) <= overlap ? got : got - static_cast<ssize_t>(overlap);
        }
    }
    return {};
}

Complaints undocumented_ports(const std::string& sockets, const std::set<std::string>& documented) {
    Complaints complaints;
    std::istringstream lines(sockets);
    for (std::string line; std::getline(lines, line);) {
        // "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(...)"
        std::istringstream words(line);
        std::string protocol, state, receive, send, local;
        words >> protocol >> state >> receive >> send >> local;
        const auto colon = local.rfind(':');
        const bool loopback = local.starts_with("127.") || local.starts_with("[::1]") ||
                              local.find("%lo:") != std::string::npos;
        if (colon == std::string::npos || loopback) {
            continue;
        }
        if (!documented.contains(local.substr(colon + 1) + "/" + protocol)) {
            complaints.push_back("a port that docs/ports.md does not list: " + line);
        }
    }
    return complaints;
}

Complaints journal_complaints(const std::string& journal) {
    Complaints complaints;
    std::istringstream lines(journal);
    bool first = true;
    for (std::string line; std::getline(lines, line); first = false) {
        const auto entry = parse_json(line, "journal");
        if (!entry || !entry->is_object()) {
            complaints.push_back("a journal line that is no JSON object: " + elide(line, 200));
        } else if (first && (!entry->contains("plan_digest") || !entry->contains("consent"))) {
            complaints.push_back("the journal's first line names no plan or no consent: " + elide(line, 200));
        }
    }
    if (first) {
        complaints.emplace_back("the journal is empty");
    }
    return complaints;
}

void append(Complaints& to, Complaints from) {
    std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

Result<void> ProtectedDisks::add(const fs::path& image) {
    BEDPLATE_ASSIGN(digests_[image], content_digest(image));
    return {};
}

Complaints ProtectedDisks::check() const {
    Complaints complaints;
    for (const auto& [image, before] : digests_) {
        const auto now = content_digest(image);
        if (!now) {
            complaints.push_back(now.error().to_text());
        } else if (*now != before) {
            complaints.push_back("a protected disk has changed: " + image.string());
        }
    }
    return complaints;
}

std::vector<std::string> leaked_forms(std::string_view secret) {
    std::vector<std::string> forms{std::string(secret), std::string(secret.rbegin(), secret.rend()),
                                   hex(secret, false), hex(secret, true)};
    // In base64 a text looks different in each of the three alignments.
    for (std::size_t skip = 0; skip < 3; ++skip) {
        forms.push_back(base64(secret.substr(skip)));
    }
    std::string wide;
    for (const char c : secret) {
        wide += c;
        wide += '\0';
    }
    forms.push_back(wide.substr(0, wide.size() - 1));
    return forms;
}

Complaints secrets_in_files(const fs::path& directory, const std::set<std::string>& extensions,
                            const Canary& canary) {
    Complaints complaints;
    const auto forms = leaked_forms(canary.text);
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        if (!entry.is_regular_file() || !extensions.contains(entry.path().extension().string())) {
            continue;
        }
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        search(text, forms, Canary{.text = canary.text}, [&](std::size_t offset, std::size_t form) {
            complaints.push_back(
                std::format("a secret (form {}) in {} at byte {}", form, entry.path().string(), offset));
        });
    }
    return complaints;
}

Complaints secrets_on_disk(const fs::path& image, const Canary& canary) {
    Complaints complaints;
    const auto forms = leaked_forms(canary.text);
    const auto longest = std::ranges::max(forms, {}, &std::string::size).size() + canary.allowed_after.size();
    const auto done = visit_data(image, longest, [&](std::uint64_t at, std::string_view data) {
        search(data, forms, canary, [&](std::size_t offset, std::size_t form) {
            // Cut off by the stretch's beginning: seen whole at the end of the stretch before.
            if (at == 0 || offset >= canary.allowed_after.size()) {
                complaints.push_back(
                    std::format("a secret (form {}) on {} at byte {}", form, image.string(), at + offset));
            }
        });
    });
    if (!done) {
        complaints.push_back(done.error().to_text());
    }
    return complaints;
}

Result<std::set<std::string>> documented_ports(const fs::path& document) {
    std::ifstream in(document);
    if (!in) {
        return fail("audit.ports", "cannot read the list of ports", document.string());
    }
    const std::regex row(R"(^\|\s*`?(\d+/(tcp|udp))`?\s*\|)");
    std::set<std::string> ports;
    std::smatch found;
    for (std::string line; std::getline(in, line);) {
        if (std::regex_search(line, found, row)) {
            ports.insert(found[1]);
        }
    }
    return ports;
}

Complaints running_node(const GuestSsh& ssh) {
    Complaints complaints;
    const auto failed = ssh.output("systemctl --failed --plain --no-legend");
    if (!failed) {
        return {failed.error().to_text()};
    }
    if (!failed->empty()) {
        complaints.push_back("failed units: " + *failed);
    }
    const auto ports = documented_ports(top_directory() / "docs/ports.md");
    const auto sockets = ssh.output("ss -H -tulpn");
    if (!ports || !sockets) {
        complaints.push_back((!ports ? ports.error() : sockets.error()).to_text());
    } else {
        append(complaints, undocumented_ports(*sockets, *ports));
    }
    const auto journal = ssh.output("cat /var/lib/bedplate/journal.jsonl");
    append(complaints, journal ? journal_complaints(*journal) : Complaints{journal.error().to_text()});
    const auto cores = ssh.output(
        "find / -xdev -maxdepth 2 -name 'core*' -type f; ls /var/lib/systemd/coredump 2>/dev/null; true");
    if (!cores || !cores->empty()) {
        complaints.push_back("core files: " + (cores ? *cores : cores.error().to_text()));
    }
    return complaints;
}

std::string to_text(const Complaints& complaints) {
    return join(complaints, "\n");
}

}  // namespace bedplate::vm
