// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bedplate::fields {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool consists_of(std::string_view text, std::string_view letters, std::string_view more = {}) {
    return std::ranges::all_of(text, [&](char c) { return letters.contains(c) || more.contains(c); });
}

bool looks_secret(std::string_view value) {
    const bool crypt = value.starts_with('$') && value.find('$', 1) != std::string_view::npos;
    return crypt || value.contains("PRIVATE KEY");
}

/// Only for rules whose type word is the same in JSON: numbers and booleans must not stand in quotes.
template <typename V>
Rule<V> unquoted(Rule<V> rule, std::string wanted) {
    auto read = [inner = std::move(rule.read), wanted = std::move(wanted)](
                    Reader& reader, const YamlNode& node) -> std::optional<V> {
        if (node.kind == YamlNode::Kind::scalar && node.quoted) {
            reader.error(node, "yaml.type", std::format("wanted {}, found a text in quotes", wanted),
                         "leave the quotes out");
            return std::nullopt;
        }
        return inner(reader, node);
    };
    return {std::move(read), std::move(rule.shape)};
}

Result<std::uint64_t> parse_integer(std::string_view value, std::uint64_t smallest, std::uint64_t largest) {
    const auto number = parse_unsigned(value);
    if (!number) {
        return fail("yaml.value", std::format("'{}' is not", shown(value)));
    }
    if (value.size() > 1 && value.starts_with('0')) {
        return fail("yaml.value", std::format("'{}' has leading zeros", shown(value)), {},
                    "some readers take that for an octal number; write it without");
    }
    if (*number < smallest || *number > largest) {
        return fail("yaml.value", std::format("{} is outside", *number));
    }
    return *number;
}

std::string integer_text(std::uint64_t smallest, std::uint64_t largest) {
    return std::format("a whole number from {} to {}", smallest, largest);
}

/// The texts that `form` accepts; the reason given otherwise is `why`.
Rule<std::string> matching(std::string wanted, std::string why, std::function<bool(std::string_view)> form) {
    return scalar<std::string>(
        std::move(wanted), {.type = "string"},
        [why = std::move(why), form = std::move(form)](std::string_view value) -> Result<std::string> {
            if (!form(value)) {
                return fail("yaml.value", std::format("'{}' {}", shown(value), why));
            }
            return std::string(value);
        });
}

bool is_domain(std::string_view value) {
    const auto labels = split(value, '.');
    return value.size() <= 253 &&
           std::ranges::all_of(labels, [](const std::string& l) { return parse_hostname(l).has_value(); });
}

bool is_base64(std::string_view value) {
    const std::string_view body = value.substr(0, value.find_last_not_of('=') + 1);
    return value.size() % 4 == 0 && value.size() - body.size() <= 2 && !body.empty() &&
           consists_of(body, alphanumeric, "+/");
}

/// sshd(8), "AUTHORIZED_KEYS FILE FORMAT". The base64 part begins with the length and the name of the type:
/// a key cut out at the wrong place does not.
Result<std::string> parse_ssh_key(std::string_view value) {
    static constexpr std::array<std::string_view, 7> types{"ssh-ed25519",
                                                           "sk-ssh-ed25519@openssh.com",
                                                           "ecdsa-sha2-nistp256",
                                                           "ecdsa-sha2-nistp384",
                                                           "ecdsa-sha2-nistp521",
                                                           "sk-ecdsa-sha2-nistp256@openssh.com",
                                                           "ssh-rsa"};
    const auto words = split(value, ' ');
    if (!std::ranges::contains(types, words.front())) {
        return fail("yaml.value", "it does not begin with a key type that OpenSSH accepts", {},
                    "ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa, or one of the sk- types; options in "
                    "front of the type are not allowed");
    }
    // 68 characters hold the shortest of these keys, Ed25519 with 51 bytes.
    if (words.size() < 2 || words[1].size() < 68 || !is_base64(words[1])) {
        return fail("yaml.value", "the base64 text after the type is missing or incomplete", {},
                    "copy the whole line of the .pub file");
    }
    if (!words[1].starts_with("AAAA")) {
        return fail("yaml.value", "the base64 text after the type is not a public key");
    }
    return std::string(value);
}

Result<Secret> parse_password_hash(std::string_view value) {
    const auto parts = split(value, '$');
    const bool known = parts.size() >= 4 && parts[0].empty() && (parts[1] == "y" || parts[1] == "6");
    if (!known) {
        return fail("yaml.value", "it is not a hash that begins with $y$ or $6$", {},
                    "make one with: openssl passwd -6, or mkpasswd --method=yescrypt");
    }
    const std::size_t wanted = parts[1] == "6" ? 86 : 43;
    if (parts.back().size() != wanted || !consists_of(value, alphanumeric, "./$=")) {
        return fail("yaml.value", "the hash is incomplete or holds characters that no hash has", {},
                    "copy all of it and put it in single quotes");
    }
    return Secret(std::string(value));
}

}  // namespace

std::string shown(std::string_view value) {
    return looks_secret(value) ? "(not shown)" : elide(value, 60);
}

void refuse_value(Reader& reader, const YamlNode& node, std::string_view wanted, const Error& reason) {
    const std::string label =
        node.key.empty() ? std::format("entry {}", node.index + 1) : std::format("'{}'", shown_key(node.key));
    if (looks_secret(node.text) && reason.message.contains(node.text.substr(0, 6))) {
        reader.error(node, "yaml.value", std::format("{}: wanted {}", label, wanted));
        return;
    }
    reader.error(node, "yaml.value", std::format("{}: wanted {}: {}", label, wanted, reason.message),
                 reason.hint);
}

Rule<bool> boolean() {
    return unquoted(scalar<bool>("true or false", {.type = "boolean"},
                                 [](std::string_view value) -> Result<bool> {
                                     if (value != "true" && value != "false") {
                                         return fail("yaml.value",
                                                     std::format("'{}' is neither", shown(value)));
                                     }
                                     return value == "true";
                                 }),
                    "true or false");
}

template <typename V>
Rule<V> integer(std::uint64_t smallest, std::uint64_t largest) {
    const std::string wanted = integer_text(smallest, largest);
    auto parse = [smallest, largest](std::string_view value) {
        return parse_integer(value, smallest, largest).transform([](std::uint64_t number) {
            return static_cast<V>(number);
        });
    };
    return unquoted(scalar<V>(wanted, {.type = "integer"}, parse), wanted);
}

template Rule<std::uint32_t> integer(std::uint64_t, std::uint64_t);
template Rule<std::uint64_t> integer(std::uint64_t, std::uint64_t);
template Rule<std::int64_t> integer(std::uint64_t, std::uint64_t);

Rule<double> factor(double smallest, double largest) {
    const std::string wanted = std::format("a number from {} to {}", smallest, largest);
    auto parse = [smallest, largest](std::string_view value) -> Result<double> {
        double number = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
        const bool decimal = consists_of(value, digits, ".") && !value.starts_with('.');
        if (!decimal || error != std::errc{} || end != value.data() + value.size()) {
            return fail("yaml.value", std::format("'{}' is not", shown(value)));
        }
        if (number < smallest || number > largest) {
            return fail("yaml.value", std::format("{} is outside", shown(value)));
        }
        return number;
    };
    return unquoted(scalar<double>(wanted, {.type = "number"}, parse), wanted);
}

Rule<std::uint32_t> percent(std::uint32_t smallest, std::uint32_t largest) {
    auto parse = [smallest, largest](std::string_view value) -> Result<std::uint32_t> {
        if (!value.ends_with('%')) {
            return fail("yaml.value", std::format("'{}' has no '%'", shown(value)));
        }
        return parse_integer(value.substr(0, value.size() - 1), smallest, largest)
            .transform([](std::uint64_t number) { return static_cast<std::uint32_t>(number); });
    };
    return scalar<std::uint32_t>(std::format("a share from {}% to {}%", smallest, largest),
                                 {.type = "string"}, parse);
}

Rule<Bytes> size(Bytes smallest, bool or_zero) {
    auto parse = [smallest, or_zero](std::string_view value) -> Result<Bytes> {
        BEDPLATE_ASSIGN(const Bytes bytes, parse_bytes(value));
        const bool none = or_zero && bytes.value == 0;
        if (bytes < smallest && !none) {
            return fail("yaml.value", std::format("{} is less than {}", value, to_exact_text(smallest)));
        }
        return bytes;
    };
    return scalar<Bytes>("a size such as 512MiB or 1.6TB", {.type = "string"}, parse);
}

Rule<std::uint64_t> speed() {
    return scalar<std::uint64_t>("a speed such as 1G or 25G", {.type = "string"}, parse_speed_mbps);
}

Rule<std::chrono::seconds> duration() {
    return scalar<std::chrono::seconds>("a duration such as 30s or 30d", {.type = "string"}, parse_duration);
}

Rule<std::string> text(std::size_t longest) {
    return scalar<std::string>(
        "one line of text", {.type = "string"}, [longest](std::string_view value) -> Result<std::string> {
            if (trim(value).empty()) {
                return fail("yaml.value", "it is empty");
            }
            if (value.contains('\n') || value.size() > longest) {
                return fail("yaml.value", std::format("it is longer than one line of {} bytes", longest));
            }
            return std::string(value);
        });
}

Rule<std::string> name() {
    return matching("a name", "is not made of lower-case letters, digits and dashes (63 at most)",
                    [](std::string_view value) {
                        return !value.empty() && value.size() <= 63 &&
                               consists_of(value, lower, "0123456789-") && !value.starts_with('-') &&
                               !value.ends_with('-');
                    });
}

Rule<std::string> glob() {
    return matching("a pattern such as PERC*", "is empty or longer than 100 bytes",
                    [](std::string_view value) { return !value.empty() && value.size() <= 100; });
}

Rule<std::string> hostname() {
    return scalar<std::string>("a host name", {.type = "string"},
                               [](std::string_view value) { return parse_hostname(value); });
}

Rule<std::string> domain_name() {
    return matching("a domain name", "is not one (letters, digits and dashes, dots between)", is_domain);
}

Rule<std::string> host() {
    return matching("a host name or an IPv4 address", "is neither", [](std::string_view value) {
        // Four numbers are an address or a mistake, never a host name.
        return consists_of(value, digits, ".") ? Ipv4::parse(value).has_value() : is_domain(value);
    });
}

Rule<std::string> interface_name() {
    return matching("the name of a network interface",
                    "is not one (a letter first, then letters, digits, '-', '_'; 15 at most)",
                    [](std::string_view value) {
                        return !value.empty() && value.size() <= 15 &&
                               consists_of(value, alphanumeric, "-_") &&
                               consists_of(value.substr(0, 1), alphanumeric.substr(0, 52));
                    });
}

Rule<std::string> volume_group() {
    return matching("the name of a volume group",
                    "is not one (letters, digits, '_', '.', '+', '-'; not '-' or '.' first; 32 at most)",
                    [](std::string_view value) {
                        return !value.empty() && value.size() <= 32 &&
                               consists_of(value, alphanumeric, "_.+-") && !value.starts_with('-') &&
                               !value.starts_with('.');
                    });
}

Rule<std::string> timezone() {
    return matching("a time zone such as UTC or Europe/Berlin", "is not one", [](std::string_view value) {
        const auto parts = split(value, '/');
        return value.size() <= 64 && consists_of(value, alphanumeric, "_+-/") &&
               std::ranges::none_of(parts, [](const std::string& part) { return part.empty(); });
    });
}

Rule<std::string> url() {
    return matching("an http:// or https:// address", "is not one", [](std::string_view value) {
        const bool http = value.starts_with("http://") || value.starts_with("https://");
        const auto begin = value.find("//") + 2;
        const bool printable = std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7f'; });
        return http && printable && value.size() > begin && value.size() <= 500 &&
               value.find_first_of("\"'`\\<>{}|^") == std::string_view::npos;
    });
}

Rule<std::string> ipv4_text() {
    return scalar<std::string>("an IPv4 address", {.type = "string"}, [](std::string_view value) {
        return Ipv4::parse(value).transform([](const Ipv4& address) { return address.to_text(); });
    });
}

Rule<std::string> mac_text() {
    return scalar<std::string>("a MAC address", {.type = "string"}, [](std::string_view value) {
        return MacAddress::parse(value).transform([](const MacAddress& mac) { return mac.to_text(); });
    });
}

Rule<std::string> uuid_text() {
    return scalar<std::string>("a UUID", {.type = "string"}, [](std::string_view value) {
        return Guid::parse(value).transform([](const Guid& guid) { return guid.to_text(); });
    });
}

Rule<Guid> uuid() {
    return scalar<Guid>("a UUID", {.type = "string"}, Guid::parse);
}

Rule<Ipv4> ipv4() {
    return scalar<Ipv4>("an IPv4 address", {.type = "string"}, Ipv4::parse);
}

Rule<Cidr> subnet() {
    return scalar<Cidr>("a subnet such as 10.0.100.0/24", {.type = "string"}, Cidr::parse);
}

Rule<VlanId> vlan() {
    const std::string wanted = integer_text(1, 4094);
    auto parse = [](std::string_view value) { return parse_integer(value, 1, 4094).and_then(VlanId::from); };
    return unquoted(scalar<VlanId>(wanted, {.type = "integer"}, parse), wanted);
}

Rule<VlanRange> vlan_range() {
    const auto parse = [](std::string_view value) -> Result<VlanRange> {
        const auto one = [](std::string_view id) {
            return parse_integer(id, 1, 4094).and_then(VlanId::from);
        };
        const auto dash = value.find('-');
        BEDPLATE_ASSIGN(const VlanId first, one(value.substr(0, dash)));
        if (dash == std::string_view::npos) {
            return VlanRange{.first = first, .last = first};
        }
        BEDPLATE_ASSIGN(const VlanId last, one(value.substr(dash + 1)));
        if (last < first) {
            return fail("yaml.value", std::format("'{}' ends before it begins", shown(value)));
        }
        return VlanRange{.first = first, .last = last};
    };
    return scalar<VlanRange>("VLANs such as 210 or 220-229", {.type = "string"}, parse);
}

Rule<std::string> ssh_public_key() {
    Rule<std::string> line = text(8192);
    line.read = [inner = std::move(line.read)](Reader& reader,
                                               const YamlNode& node) -> std::optional<std::string> {
        const auto value = inner(reader, node);
        if (!value) {
            return std::nullopt;
        }
        const auto key = parse_ssh_key(*value);
        if (!key) {
            refuse_value(reader, node, "a public key as in a .pub file", key.error());
            return std::nullopt;
        }
        return *key;
    };
    return line;
}

Rule<Secret> password_hash() {
    return scalar<Secret>("a password hash of crypt(5)", {.type = "string"}, parse_password_hash);
}

Rule<Secret> passphrase() {
    return scalar<Secret>(std::string(passphrase_wanted), {.type = "string"}, parse_passphrase);
}

Rule<std::string> one_word_of(const std::vector<std::string>& words) {
    std::vector<std::pair<std::string, std::string>> choices;
    for (const auto& word : words) {
        choices.emplace_back(word, word);
    }
    return one_of(std::move(choices));
}

}  // namespace bedplate::fields
