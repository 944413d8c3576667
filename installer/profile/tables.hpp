// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profile/fields.hpp"
#include "profile/profile.hpp"

namespace bedplate::fields {

/// The keys of each document.
[[nodiscard]] const Table<Profile>& profile_table();
[[nodiscard]] const Table<Site>& site_table();
[[nodiscard]] const Table<Secrets>& secrets_table();

/// A profile's `tuning` and a site's `load`.
[[nodiscard]] Table<TuningProfile> tuning_table();
[[nodiscard]] Table<Load> load_table();
/// Parts of them (ha_table.cpp).
[[nodiscard]] Table<FencingProfile> fencing_table();  ///< `fencing` of a profile
[[nodiscard]] Table<HaSettings> ha_table();           ///< `ha` of a site
[[nodiscard]] Table<BmcSpec> bmc_table();             ///< `nodes[].bmc` of a site
[[nodiscard]] Table<BmcSecrets> bmc_secrets_table();  ///< `bmc` of the secrets

/// What has to hold between keys that stand far apart in a site: addresses, names and VLANs of all networks
/// and nodes.
void check_site(Reader& reader, const YamlNode& document, const Site& site);

/// `logs` and `edge` of a site (site_services.cpp), and what has to hold between the edge and the networks
/// and nodes.
[[nodiscard]] Table<LogSettings> logs_table();
[[nodiscard]] Table<EdgeSpec> edge_table();
void check_edge(Reader& reader, const YamlNode& document, const Site& site);
/// The keys of the secrets document that logs and edge have.
[[nodiscard]] Table<Secrets> with_service_secrets(Table<Secrets> table);

/// The `schema` key: must be there and say exactly this. It fills nothing.
template <typename T>
Table<T> document(std::string_view schema);

/// The value of the `schema` key of a document, whatever it is; empty where there is none.
[[nodiscard]] std::string schema_of(const YamlNode& document);

}  // namespace bedplate::fields
