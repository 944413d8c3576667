// SPDX-License-Identifier: GPL-3.0-or-later
// The keys `logs` and `edge` of a site, and what has to hold between them and the rest of it.
#include "profile/site_services.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <format>
#include <set>

#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

/// The text of a line "-----BEGIN label-----" between its dashes; empty where it is no such line.
std::string_view pem_mark(std::string_view line) {
    constexpr std::string_view dashes = "-----";
    const bool marked = line.size() > 2 * dashes.size() && line.starts_with(dashes) && line.ends_with(dashes);
    return marked ? line.substr(dashes.size(), line.size() - 2 * dashes.size()) : std::string_view();
}

/// The labels of the PEM blocks (RFC 7468) that the text is made of; none where anything else is in it.
std::vector<std::string> pem_labels(std::string_view text) {
    constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    std::vector<std::string> labels;
    bool inside = false;
    for (const std::string& line : split(text, '\n')) {
        const auto word = trim(line);
        const auto mark = pem_mark(word);
        if (!inside && mark.starts_with("BEGIN ")) {
            labels.emplace_back(mark.substr(6));
            inside = true;
        } else if (inside && mark.starts_with("END ") && mark.substr(4) == labels.back()) {
            inside = false;
        } else if (!word.empty() && (!inside || word.find_first_not_of(base64) != word.npos)) {
            return {};
        }
    }
    return inside ? std::vector<std::string>() : labels;
}

constexpr std::string_view certificate_label = "CERTIFICATE";

Rule<std::string> certificates() {
    return scalar<std::string>(
        "certificates in PEM, as a block ('|')", {.type = "string"},
        [](std::string_view value) -> Result<std::string> {
            const auto labels = pem_labels(value);
            if (labels.empty() || !std::ranges::all_of(labels, [](const std::string& label) {
                    return label == certificate_label;
                })) {
                return fail("yaml.value", "it is not made of PEM certificates alone");
            }
            return std::string(trim(value)) + "\n";
        });
}

/// What HAProxy wants in one file: the certificate, those between it and its authority, and the key.
Rule<Secret> certificate_with_key() {
    return scalar<Secret>(
        "certificate and private key in PEM, as a block ('|')", {.type = "string"},
        [](std::string_view value) -> Result<Secret> {
            const auto labels = pem_labels(value);
            const auto keys = std::ranges::count_if(
                labels, [](const std::string& label) { return label.ends_with("PRIVATE KEY"); });
            const auto certificates_there = std::ranges::count(labels, certificate_label);
            if (keys != 1 || certificates_there == 0 || keys + certificates_there != std::ssize(labels)) {
                return fail("yaml.value", "it is not made of certificates and one private key");
            }
            return Secret(std::string(trim(value)) + "\n");
        });
}

/// It stands between quotes in rsyslog's file, which takes no blanks there.
Rule<Secret> credential() {
    return scalar<Secret>("one word of printable ASCII characters without '\"' and backslashes",
                          {.type = "string"}, [](std::string_view value) -> Result<Secret> {
                              const bool fine = std::ranges::all_of(
                                  value, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
                              if (!fine || value.empty() || value.size() > 200) {
                                  return fail("yaml.value", "it is empty, longer than 200 or holds others");
                              }
                              return Secret(std::string(value));
                          });
}

/// Lower case: Elasticsearch takes no other index name.
Rule<std::string> index_name() {
    return scalar<std::string>(
        "the name of an index", {.type = "string"}, [](std::string_view value) -> Result<std::string> {
            constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
            if (value.empty() || value.size() > 100 || value.find_first_not_of(allowed) != value.npos ||
                value.find_first_of("-_.") == 0) {
                return fail("yaml.value",
                            std::format("'{}' is not made of lower-case letters, digits, '-', '_' and '.'",
                                        shown(value)));
            }
            return std::string(value);
        });
}

/// "10.0.50.11:8080": an address, since an edge that waits for a name server is none.
Rule<std::string> endpoint() {
    return scalar<std::string>("an IPv4 address and a port such as 10.0.50.11:8080", {.type = "string"},
                               [](std::string_view value) -> Result<std::string> {
                                   const auto colon = value.find(':');
                                   const auto address = Ipv4::parse(value.substr(0, colon));
                                   const auto port = colon == std::string_view::npos
                                                         ? std::nullopt
                                                         : parse_unsigned(value.substr(colon + 1));
                                   if (!address || !port || *port == 0 || *port > 65535) {
                                       return fail("yaml.value", std::format("'{}' is not", shown(value)));
                                   }
                                   return std::format("{}:{}", address->to_text(), *port);
                               });
}

/// Goes into HAProxy's file as it is.
Rule<std::string> url_path() {
    return scalar<std::string>("a path such as /healthz", {.type = "string"},
                               [](std::string_view value) -> Result<std::string> {
                                   constexpr std::string_view others = "/-_.~=&?";
                                   const bool fine = std::ranges::all_of(value, [&](unsigned char c) {
                                       return std::isalnum(c) != 0 || others.contains(static_cast<char>(c));
                                   });
                                   if (!fine || !value.starts_with('/') || value.size() > 200) {
                                       return fail("yaml.value", std::format("'{}' is not", shown(value)));
                                   }
                                   return std::string(value);
                               });
}

Table<ElasticsearchSpec> elasticsearch() {
    return Table<ElasticsearchSpec>()
        .required("url", &ElasticsearchSpec::url, url())
        .optional("index", &ElasticsearchSpec::index, index_name())
        .optional("ca", &ElasticsearchSpec::ca, certificates())
        .check([](Reader& reader, const YamlNode& node, ElasticsearchSpec& value) {
            if (value.url.starts_with("http://")) {
                reader.warning(*node.find("url"), "site.logs-clear",
                               "lines of the logs go over the network as they are, and no credentials are "
                               "sent along",
                               "give an https:// address");
            }
            if (value.url.contains('@')) {
                reader.error(*node.find("url"), "site.logs-credentials",
                             "credentials have no place in a site document",
                             "put them into the secrets document: elasticsearch");
            }
        });
}

struct ForwardSpec {
    std::optional<ElasticsearchSpec> elasticsearch;
};

Rule<std::optional<ElasticsearchSpec>> forward() {
    Rule<ForwardSpec> rule = object(Table<ForwardSpec>().optional(
        "elasticsearch", &ForwardSpec::elasticsearch, nullable(object(elasticsearch()))));
    return {[read = std::move(rule.read)](
                Reader& reader, const YamlNode& node) -> std::optional<std::optional<ElasticsearchSpec>> {
                auto value = read(reader, node);
                if (!value) {
                    return std::nullopt;
                }
                return std::optional<std::optional<ElasticsearchSpec>>(std::in_place,
                                                                       std::move(value->elasticsearch));
            },
            std::move(rule.shape)};
}

Table<EdgeServiceSpec> tcp_service() {
    return Table<EdgeServiceSpec>()
        .required("name", &EdgeServiceSpec::name, name())
        .required("listen", &EdgeServiceSpec::listen, integer<std::uint32_t>(1, 65535))
        .required("backends", &EdgeServiceSpec::backends, list_of(endpoint()))
        .check([](Reader& reader, const YamlNode& node, EdgeServiceSpec& value) {
            constexpr std::size_t most = 64;
            const YamlNode* list = node.find("backends");
            if (list != nullptr && (list->children.empty() || list->children.size() > most)) {
                reader.error(*list, "site.edge-backends",
                             std::format("a service has 1 to {} backends", most));
            }
            std::set<std::string> seen;
            for (const std::string& backend : value.backends) {
                if (!seen.insert(backend).second) {
                    reader.error(*list, "site.edge-backends",
                                 std::format("the backend {} stands there twice", backend));
                }
            }
        });
}

Table<EdgeServiceSpec> http_service() {
    return tcp_service()
        .optional("check", &EdgeServiceSpec::check, url_path())
        .optional_group("tls", Table<EdgeServiceSpec>().required("certificate", &EdgeServiceSpec::certificate,
                                                                 fields::name()));
}

Table<EdgeSpec> edge_address() {
    return Table<EdgeSpec>()
        .required("network", &EdgeSpec::network, one_word_of(network_roles()))
        .required("host", &EdgeSpec::host, integer<std::uint64_t>(1, 0xFFFF'FFFE));
}

/// A list of host names; the word `control` is the same as leaving the key out.
Rule<std::vector<std::string>> edge_nodes() {
    Rule<std::vector<std::string>> list = list_of(hostname());
    Rule<std::string> word = one_word_of({"control"});
    Shape shape = list.shape;
    shape.or_else = std::make_shared<const Shape>(word.shape);
    return {[list, word](Reader& reader, const YamlNode& node) -> std::optional<std::vector<std::string>> {
                if (node.kind != YamlNode::Kind::scalar) {
                    return list.read(reader, node);
                }
                return word.read(reader, node) ? std::optional(std::vector<std::string>{}) : std::nullopt;
            },
            std::move(shape)};
}

/// Names and ports of an edge's services, each once.
class EdgeServiceChecks {
public:
    explicit EdgeServiceChecks(Reader& reader) : reader_(reader) {}

    void check(const YamlNode& edge, std::string_view key, const std::vector<EdgeServiceSpec>& services) {
        const YamlNode* list = edge.find(key);
        if (list == nullptr || list->children.size() != services.size()) {
            return;  // what could not be read has been reported
        }
        for (std::size_t i = 0; i < services.size(); ++i) {
            check_one(*list->children[i], services[i]);
        }
    }

private:
    void check_one(const YamlNode& place, const EdgeServiceSpec& service) {
        if (!service.name.empty() && !names_.insert(service.name).second) {
            reader_.error(place, "site.edge-name",
                          std::format("another service is called '{}' already", service.name));
        }
        // These listen on every address of a node: sshd, Ceph's manager.
        constexpr std::array taken{22U, 9283U};
        if (std::ranges::contains(taken, service.listen)) {
            reader_.error(place, "site.edge-port",
                          std::format("port {} belongs to the node itself", service.listen));
        } else if (service.listen != 0 && !ports_.insert(service.listen).second) {
            reader_.error(place, "site.edge-port",
                          std::format("another service listens on port {} already", service.listen));
        }
    }

    Reader& reader_;
    std::set<std::string> names_;
    std::set<std::uint32_t> ports_;
};

/// The node's address in the network, as far as its entry gives one.
std::optional<Ipv4> address_of(const NodeEntry& node, const std::string& network, const Cidr& subnet) {
    const auto own = node.address.find(network);
    const auto part = own != node.address.end() ? own : node.address.find("*");
    if (part == node.address.end()) {
        return std::nullopt;
    }
    const auto address = subnet.host(part->second);
    return address ? std::optional(*address) : std::nullopt;
}

void check_edge_nodes(Reader& reader, const YamlNode& place, const Site& site, const Cidr& subnet) {
    const EdgeSpec& edge = *site.edge;
    if (edge.nodes.empty()) {
        if (edge.network != "management") {
            reader.error(place, "site.edge-nodes",
                         "the control nodes carry an address of the management network only: which nodes "
                         "they are shows when they have joined, and others know no other address of theirs",
                         "list the nodes, or take an address of the management network");
        }
        return;
    }
    std::set<std::string> seen;
    for (const std::string& name : edge.nodes) {
        const auto node = std::ranges::find(site.nodes, name, &NodeEntry::hostname);
        if (node == site.nodes.end()) {
            reader.error(place, "site.edge-nodes", std::format("the site has no node '{}'", name));
        } else if (!address_of(*node, edge.network, subnet)) {
            reader.error(place, "site.edge-nodes",
                         std::format("the node '{}' has no address in the network '{}'", name, edge.network));
        }
        if (!seen.insert(name).second) {
            reader.error(place, "site.edge-nodes", std::format("the node '{}' stands there twice", name));
        }
    }
}

void check_edge_address(Reader& reader, const YamlNode& place, const Site& site, const NetworkSpec& network) {
    const EdgeSpec& edge = *site.edge;
    const auto address = network.subnet->host(edge.host);
    if (!address) {
        reader.error(place, "site.edge-address", address.error().message, address.error().hint);
        return;
    }
    if (network.gateway == *address) {
        reader.error(place, "site.edge-address",
                     std::format("{} is the gateway of the network '{}'", address->to_text(), edge.network));
    }
    for (const NodeEntry& node : site.nodes) {
        if (address_of(node, edge.network, *network.subnet) == *address) {
            reader.error(
                place, "site.edge-address",
                std::format("{} is the address of the node '{}'", address->to_text(), node.hostname));
        }
    }
}

struct EdgeCertificate {
    std::string name;
    Secret pem;
};

Rule<std::map<std::string, Secret>> edge_certificates() {
    using Certificates = std::map<std::string, Secret>;
    Rule<std::vector<EdgeCertificate>> list =
        list_of(object(Table<EdgeCertificate>()
                           .required("name", &EdgeCertificate::name, name())
                           .required("pem", &EdgeCertificate::pem, certificate_with_key())));
    return {
        [read = std::move(list.read)](Reader& reader, const YamlNode& node) -> std::optional<Certificates> {
            const auto entries = read(reader, node);
            if (!entries) {
                return std::nullopt;
            }
            Certificates certificates;
            for (const EdgeCertificate& entry : *entries) {
                if (!certificates.emplace(entry.name, entry.pem).second) {
                    reader.error(node, "secrets.duplicate-certificate",
                                 std::format("the certificate '{}' stands there twice", entry.name));
                }
            }
            return certificates;
        },
        std::move(list.shape)};
}

Table<ElasticsearchLogin> elasticsearch_login() {
    return Table<ElasticsearchLogin>()
        .required("user", &ElasticsearchLogin::user, credential())
        .required("password", &ElasticsearchLogin::password, credential());
}

}  // namespace

Table<Secrets> with_service_secrets(Table<Secrets> table) {
    return std::move(
        table.optional("elasticsearch", &Secrets::elasticsearch, nullable(object(elasticsearch_login())))
            .optional("edge_certificates", &Secrets::edge_certificates, edge_certificates()));
}

Table<LogSettings> logs_table() {
    return Table<LogSettings>()
        .optional("retention", &LogSettings::retention, duration())
        .optional("max_size", &LogSettings::max_size, size(mib(256)))
        .optional("queue", &LogSettings::queue, size(mib(16)))
        .optional("forward", &LogSettings::elasticsearch, forward())
        .check([](Reader& reader, const YamlNode& node, LogSettings& value) {
            if (value.retention < std::chrono::days(1)) {
                reader.error(*node.find("retention"), "site.logs-retention",
                             "logs are kept for whole days, one at least");
            }
        });
}

Table<EdgeSpec> edge_table() {
    return Table<EdgeSpec>()
        .required_group("address", edge_address())
        .optional("router_id", &EdgeSpec::router_id, integer<std::uint32_t>(1, 255))
        .optional("nodes", &EdgeSpec::nodes, edge_nodes())
        .optional("http", &EdgeSpec::http, list_of(object(http_service())))
        .optional("tcp", &EdgeSpec::tcp, list_of(object(tcp_service())))
        .check([](Reader& reader, const YamlNode& node, EdgeSpec& value) {
            EdgeServiceChecks checks(reader);
            checks.check(node, "http", value.http);
            checks.check(node, "tcp", value.tcp);
            if (node.find("http") == nullptr && node.find("tcp") == nullptr) {
                reader.error(node, "site.edge-name", "an edge without services serves nobody",
                             "give 'http' or 'tcp'");
            }
        });
}

void check_edge(Reader& reader, const YamlNode& document, const Site& site) {
    const YamlNode* edge = document.find("edge");
    const YamlNode* place = edge == nullptr ? nullptr : edge->find("address");
    if (!site.edge || place == nullptr || site.edge->network.empty()) {
        return;
    }
    const auto network = site.networks.find(site.edge->network);
    if (network == site.networks.end() || !network->second.subnet) {
        reader.error(*place, "site.edge-address",
                     std::format("the site has no network '{}' with a subnet", site.edge->network));
        return;
    }
    check_edge_address(reader, *place, site, network->second);
    const YamlNode* nodes = edge->find("nodes");
    check_edge_nodes(reader, nodes == nullptr ? *place : *nodes, site, *network->second.subnet);
}

}  // namespace bedplate::fields
