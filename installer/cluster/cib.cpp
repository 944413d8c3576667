// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/cib.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate::cib {
namespace {

/// One element: name, attributes, and what is in it as XML.
std::string element(std::string_view name, const Pairs& attributes, std::string_view inside = {}) {
    std::string xml = std::format("<{}", name);
    for (const auto& [key, value] : attributes) {
        xml += std::format(" {}=\"{}\"", key, escaped(value));
    }
    return inside.empty() ? xml + "/>" : std::format("{}>{}</{}>", xml, inside, name);
}

std::string nvpairs(const std::string& prefix, const Pairs& pairs) {
    std::string xml;
    for (const auto& [name, value] : pairs) {
        xml += element("nvpair", {{"id", prefix + "-" + name}, {"name", name}, {"value", value}});
    }
    return xml;
}

/// A set of nvpairs; nothing where there are none.
std::string attributes_of(std::string_view name, const std::string& id, const Pairs& pairs) {
    return pairs.empty() ? "" : element(name, {{"id", id}}, nvpairs(id, pairs));
}

std::string seconds_text(std::chrono::seconds time) {
    return std::format("{}s", time.count());
}

std::string operations_xml(const Primitive& primitive) {
    std::string xml;
    for (const auto& operation : primitive.operations) {
        xml += element("op", {{"id", std::format("{}-{}", primitive.id, operation.name)},
                              {"name", operation.name},
                              {"interval", seconds_text(operation.interval)},
                              {"timeout", seconds_text(operation.timeout)}});
    }
    return xml.empty() ? "" : element("operations", {}, xml);
}

std::string clone_xml(const Clone& clone) {
    const std::string id = clone.primitive.id + "-clone";
    return element("clone", {{"id", id}},
                   attributes_of("meta_attributes", id + "-meta", clone.meta) + to_xml(clone.primitive));
}

std::string preference_xml(const AttributePreference& preference) {
    const std::string rule_id = preference.id + "-rule";
    const auto expression = element(
        "expression",
        {{"id", rule_id + "-defined"}, {"attribute", preference.attribute}, {"operation", "defined"}});
    return element("rsc_location", {{"id", preference.id}, {"rsc-pattern", preference.pattern}},
                   element("rule", {{"id", rule_id}, {"score-attribute", preference.attribute}}, expression));
}

std::string level_xml(const FencingLevel& level) {
    return element("fencing-level", {{"id", std::format("fence-level-{}-{}", level.target, level.index)},
                                     {"target", level.target},
                                     {"index", std::to_string(level.index)},
                                     {"devices", join(level.devices, ",")}});
}

template <typename T>
std::string all_of(const std::vector<T>& list, std::string (*to_text)(const T&)) {
    std::string xml;
    for (const T& item : list) {
        xml += to_text(item);
    }
    return xml;
}

struct Sections {
    std::string options, resources, constraints, levels, defaults;
};

Sections sections_of(const Configuration& configuration) {
    const std::string options = "cib-bootstrap-options", defaults = "bedplate-defaults";
    return {.options = attributes_of("cluster_property_set", options, configuration.cluster_options),
            .resources = all_of<Primitive>(configuration.primitives, to_xml) +
                         all_of<Clone>(configuration.clones, clone_xml),
            .constraints = all_of<Location>(configuration.locations, to_xml) +
                           all_of<AttributePreference>(configuration.preferences, preference_xml),
            .levels = all_of<FencingLevel>(configuration.levels, level_xml),
            .defaults = attributes_of("meta_attributes", defaults, configuration.resource_defaults)};
}

std::string section(std::string_view name, const std::string& inside) {
    return inside.empty() ? "" : element(name, {}, inside);
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string to_xml(const Primitive& primitive) {
    Pairs own{{"id", primitive.id}, {"class", primitive.standard}};
    if (!primitive.provider.empty()) {
        own.emplace_back("provider", primitive.provider);
    }
    own.emplace_back("type", primitive.type);
    return element("primitive", own,
                   attributes_of("instance_attributes", primitive.id + "-parameters", primitive.parameters) +
                       attributes_of("meta_attributes", primitive.id + "-meta", primitive.meta) +
                       attributes_of("utilization", primitive.id + "-utilization", primitive.utilization) +
                       operations_xml(primitive));
}

std::string to_xml(const Location& location) {
    return element("rsc_location", {{"id", location.id},
                                    {"rsc", location.resource},
                                    {"node", location.node},
                                    {"score", location.score}});
}

std::string to_xml(const Configuration& configuration) {
    const auto sections = sections_of(configuration);
    return element("configuration", {},
                   section("crm_config", sections.options) + section("resources", sections.resources) +
                       section("constraints", sections.constraints) +
                       section("fencing-topology", sections.levels) +
                       section("rsc_defaults", sections.defaults));
}

std::string whole_cib(const Configuration& configuration) {
    const auto sections = sections_of(configuration);
    const auto always = [](std::string_view name, const std::string& inside) {
        return std::format("<{0}>{1}</{0}>", name, inside);
    };
    return R"(<cib validate-with="pacemaker-4.0" admin_epoch="1" epoch="1" num_updates="0"><configuration>)" +
           always("crm_config", sections.options) + "<nodes/>" + always("resources", sections.resources) +
           always("constraints", sections.constraints) + section("fencing-topology", sections.levels) +
           section("rsc_defaults", sections.defaults) + "</configuration><status/></cib>";
}

bool holds(std::string_view cib, const Configuration& configuration) {
    // Pacemaker keeps the order of attributes: an element that is there is there as it was written.
    const std::string xml = to_xml(configuration);
    for (auto at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
        std::string_view tag = std::string_view(xml).substr(at, xml.find('>', at) - at);
        if (tag.ends_with('/')) {
            tag.remove_suffix(1);
        }
        // Options that others have set before us have ids of their own.
        const bool option = tag.starts_with(R"(<nvpair id="cib-bootstrap-options-)") ||
                            tag.starts_with(R"(<nvpair id="bedplate-defaults-)");
        const auto wanted = option ? tag.substr(tag.find(" name=\"")) : tag;
        if (tag.contains(" id=\"") && !tag.contains("attributes ") && !tag.contains("_set ") &&
            !cib.contains(wanted)) {
            return false;
        }
    }
    return true;
}

Configuration joined(std::span<const Configuration> parts) {
    Configuration all;
    const auto append = [](auto& list, const auto& more) {
        list.insert(list.end(), more.begin(), more.end());
    };
    for (const auto& part : parts) {
        append(all.cluster_options, part.cluster_options);
        append(all.resource_defaults, part.resource_defaults);
        append(all.primitives, part.primitives);
        append(all.clones, part.clones);
        append(all.locations, part.locations);
        append(all.preferences, part.preferences);
        append(all.levels, part.levels);
    }
    return all;
}

}  // namespace bedplate::cib
