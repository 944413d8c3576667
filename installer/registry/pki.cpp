// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/pki.hpp"

#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view curve = "ec_paramgen_curve:P-256";

/// The PEM block that begins with "-----BEGIN <label>-----" in `text`.
std::string pem_block(std::string_view text, std::string_view label) {
    const auto begin = text.find(std::format("-----BEGIN {}-----", label));
    const std::string end_line = std::format("-----END {}-----", label);
    const auto end = begin == std::string_view::npos ? begin : text.find(end_line, begin);
    return end == std::string_view::npos
               ? ""
               : std::string(text.substr(begin, end + end_line.size() - begin)) + "\n";
}

/// openssl req with key and result both on standard output, so that no key lies in a file in between.
Result<std::pair<Secret, std::string>> request(Platform& platform, const std::string& subject,
                                               const std::vector<std::string>& more, std::string_view label) {
    Command command{.argv = {"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", std::string(curve),
                             "-nodes", "-sha256", "-subj", subject, "-keyout", "/dev/stdout", "-out",
                             "/dev/stdout"}};
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    const auto out = run_checked(platform.commands, command);
    if (!out) {
        return std::unexpected(out.error());
    }
    std::pair<Secret, std::string> result{Secret(pem_block(*out, "PRIVATE KEY")), pem_block(*out, label)};
    if (result.first.empty() || result.second.empty()) {
        return fail("pki.request", "openssl printed no key or no result");
    }
    return result;
}

}  // namespace

Result<KeyPair> make_ca(Platform& platform, const std::string& cluster) {
    BEDPLATE_ASSIGN(auto made,
                    request(platform, std::format("/CN=Bedplate {} CA", cluster),
                            {"-x509", "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE",
                             "-addext", "keyUsage=critical,keyCertSign,cRLSign"},
                            "CERTIFICATE"));
    return KeyPair{.key = std::move(made.first), .certificate = std::move(made.second)};
}

Result<KeyRequest> make_key_request(Platform& platform, const std::string& hostname) {
    BEDPLATE_ASSIGN(auto made, request(platform, "/CN=" + hostname, {}, "CERTIFICATE REQUEST"));
    return KeyRequest{.key = std::move(made.first), .csr = std::move(made.second)};
}

Result<std::string> sign(Platform& platform, const std::filesystem::path& ca_certificate,
                         const std::filesystem::path& ca_key, const std::string& csr,
                         const std::string& hostname, const std::vector<std::string>& names,
                         const std::vector<std::string>& addresses, const std::filesystem::path& work) {
    std::string extensions =
        "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
        "extendedKeyUsage = serverAuth, clientAuth\nsubjectAltName = ";
    std::vector<std::string> alternatives;
    for (const auto& name : names) {
        alternatives.push_back("DNS:" + name);
    }
    for (const auto& address : addresses) {
        alternatives.push_back("IP:" + address);
    }
    extensions += join(alternatives, ", ") + "\n";
    // The serial number need only be unique: the request's digest is, since the key is (RFC 5280 4.1.2.2).
    const std::string serial = sha256_hex(csr).substr(0, 30);
    const auto file = work / (serial + ".ext");
    BEDPLATE_TRY(platform.files.write(file, extensions, 0600));
    const auto yesterday =
        std::chrono::floor<std::chrono::seconds>(platform.clock.now()) - std::chrono::days(1);
    const auto until = yesterday + std::chrono::days(5 * 365);
    const auto signed_certificate = run_checked(
        platform.commands, {.argv = {"openssl", "x509", "-req", "-CA", ca_certificate.string(), "-CAkey",
                                     ca_key.string(), "-sha256", "-set_serial", "0x7" + serial, "-not_before",
                                     std::format("{:%Y%m%d%H%M%S}Z", yesterday), "-not_after",
                                     std::format("{:%Y%m%d%H%M%S}Z", until), "-subj", "/CN=" + hostname,
                                     "-extfile", file.string()},
                            .input = csr});
    BEDPLATE_TRY(platform.files.remove(file));
    if (!signed_certificate) {
        return std::unexpected(signed_certificate.error());
    }
    const std::string certificate = pem_block(*signed_certificate, "CERTIFICATE");
    return certificate.empty() ? fail("pki.request", "openssl signed nothing")
                               : Result<std::string>(certificate);
}

}  // namespace bedplate
