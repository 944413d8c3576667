// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/registry.hpp"

#include "platform/linux/linux.hpp"

namespace bedplate::cli {

Result<void> ClusterRegistry::open() {
    Platform& here = machine_.platform();
    BEDPLATE_ASSIGN(const auto access, read_registry_access(here.files, registry_access_path));
    http_ = curl_http(
        HttpTls{.ca_file = access.ca, .certificate_file = access.certificate, .key_file = access.key});
    etcd_ = std::make_unique<Etcd>(*http_, access.endpoints);
    registry_ = std::make_unique<Registry>(*etcd_, here.clock);
    return {};
}

}  // namespace bedplate::cli
