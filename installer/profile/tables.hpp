// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profile/fields.hpp"
#include "profile/profile.hpp"

namespace bedplate::fields {

/// The keys of each document.
[[nodiscard]] const Table<Profile>& profile_table();
[[nodiscard]] const Table<Site>& site_table();
[[nodiscard]] const Table<Secrets>& secrets_table();

/// What has to hold between keys that stand far apart in a site: addresses, names and VLANs of all networks
/// and nodes.
void check_site(Reader& reader, const YamlNode& document, const Site& site);

/// The `schema` key: must be there and say exactly this. It fills nothing.
template <typename T>
Table<T> document(std::string_view schema);

/// The value of the `schema` key of a document, whatever it is; empty where there is none.
[[nodiscard]] std::string schema_of(const YamlNode& document);

}  // namespace bedplate::fields
