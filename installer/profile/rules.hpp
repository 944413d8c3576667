// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <format>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/identifiers.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "profile/fields.hpp"
#include "profile/profile.hpp"

/// The rules for single values. Each refuses whatever YAML would guess at: a boolean is `true` or `false`, a
/// number is decimal digits without leading zeros, everything else is a text that is checked for its form.
/// Findings: yaml.type (another kind of value), yaml.value (the right kind, but not allowed here).
namespace bedplate::fields {

/// `value` as it may stand in a message: cut short, and hidden where it looks like a password hash or a key.
[[nodiscard]] std::string shown(std::string_view value);

/// Reports yaml.value at `node`: what was wanted there and why the value is not that. The reason is left out
/// where the value may be a secret in the wrong place.
void refuse_value(Reader& reader, const YamlNode& node, std::string_view wanted, const Error& reason);

/// A rule from a function over the text. `wanted` says what should stand there ("a size such as 512MiB").
template <typename V>
Rule<V> scalar(std::string wanted, Shape shape, std::function<Result<V>(std::string_view)> parse) {
    return {[wanted = std::move(wanted), parse = std::move(parse)](Reader& reader,
                                                                   const YamlNode& node) -> std::optional<V> {
                if (!expect(reader, node, YamlNode::Kind::scalar, wanted)) {
                    return std::nullopt;
                }
                Result<V> value = parse(node.text);
                if (!value) {
                    refuse_value(reader, node, wanted, value.error());
                    return std::nullopt;
                }
                return std::move(*value);
            },
            std::move(shape)};
}

[[nodiscard]] Rule<bool> boolean();
/// A decimal integer within [smallest, largest]; for std::uint32_t, std::uint64_t and std::int64_t.
template <typename V>
[[nodiscard]] Rule<V> integer(std::uint64_t smallest, std::uint64_t largest);
/// A decimal number such as 1.2 within [smallest, largest]; for ratios only.
[[nodiscard]] Rule<double> factor(double smallest, double largest);
/// "10%", within [smallest, largest].
[[nodiscard]] Rule<std::uint32_t> percent(std::uint32_t smallest, std::uint32_t largest);
/// "512MiB", at least `smallest`; 0 is allowed besides where `or_zero` is set (a volume that is not wanted).
[[nodiscard]] Rule<Bytes> size(Bytes smallest = {1}, bool or_zero = false);
/// "25G", as megabits per second.
[[nodiscard]] Rule<std::uint64_t> speed();
[[nodiscard]] Rule<std::chrono::seconds> duration();

/// One line of at most `longest` bytes, not empty.
[[nodiscard]] Rule<std::string> text(std::size_t longest = 200);
/// Lower-case letters, digits and dashes, beginning with a letter or digit: names of profiles.
[[nodiscard]] Rule<std::string> name();
/// A shell-style pattern.
[[nodiscard]] Rule<std::string> glob();
[[nodiscard]] Rule<std::string> hostname();
/// Labels of RFC 1123 with dots between them, at most 253 characters.
[[nodiscard]] Rule<std::string> domain_name();
/// A domain name or an IPv4 address.
[[nodiscard]] Rule<std::string> host();
/// The name of a network interface: at most 15 characters (IFNAMSIZ), none that networkd or sysfs dislike.
[[nodiscard]] Rule<std::string> interface_name();
/// The name of an LVM volume group, as lvm(8) allows it, at most 32 characters.
[[nodiscard]] Rule<std::string> volume_group();
/// "Europe/Berlin".
[[nodiscard]] Rule<std::string> timezone();
/// http:// or https://, one word.
[[nodiscard]] Rule<std::string> url();
[[nodiscard]] Rule<std::string> ipv4_text();
[[nodiscard]] Rule<std::string> mac_text();
[[nodiscard]] Rule<std::string> uuid_text();
[[nodiscard]] Rule<Guid> uuid();
[[nodiscard]] Rule<Ipv4> ipv4();
[[nodiscard]] Rule<Cidr> subnet();
[[nodiscard]] Rule<VlanId> vlan();
/// "210" or "220-229".
[[nodiscard]] Rule<VlanRange> vlan_range();
/// One line of an authorized_keys file without options; the types that OpenSSH 10 still accepts.
[[nodiscard]] Rule<std::string> ssh_public_key();
/// A hash of crypt(5), yescrypt ($y$) or SHA-512 ($6$). No finding ever repeats the value.
[[nodiscard]] Rule<Secret> password_hash();
/// 8 to 512 printable characters of ASCII: what any keyboard has, since it is typed before the system runs.
[[nodiscard]] Rule<Secret> passphrase();

/// One of a few words.
template <typename V>
Rule<V> one_of(std::vector<std::pair<std::string, V>> choices) {
    Shape shape{.type = "string"};
    for (const auto& choice : choices) {
        shape.words.push_back(choice.first);
    }
    auto words = shape.words;
    return scalar<V>("one of " + join(words, ", "), std::move(shape),
                     [choices = std::move(choices), words](std::string_view value) -> Result<V> {
                         for (const auto& [word, meaning] : choices) {
                             if (word == value) {
                                 return meaning;
                             }
                         }
                         const auto near = did_you_mean(value, words);
                         return fail("yaml.value",
                                     std::format("'{}' is not{}", shown(value),
                                                 near ? std::format(" (did you mean '{}'?)", *near) : ""));
                     });
}

/// One of a few words that stand for themselves.
[[nodiscard]] Rule<std::string> one_word_of(const std::vector<std::string>& words);

}  // namespace bedplate::fields
