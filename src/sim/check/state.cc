#include "sim/check/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "codec/json/json_codec.h"
#include "codec/json/tree.h"

namespace mizzen::sim {
namespace {

using codec::Value;

/// Members whose value is drawn, a time, or a count of what happened on the way.
bool differs_anyway(const std::string& name) {
  static const std::set<std::string> kNames = {"uid",
                                               "resourceVersion",
                                               "managedFields",
                                               "generation",
                                               "observedGeneration",
                                               "nodeName",
                                               "podIP",
                                               "podIPs",
                                               "hostIP",
                                               "hostIPs",
                                               "clusterIP",
                                               "clusterIPs",
                                               "nodePort",
                                               "addresses",
                                               "containerID",
                                               "targetRef",
                                               "bootID",
                                               "machineID",
                                               "systemUUID",
                                               "message",
                                               "restartCount",
                                               "deprecatedTopology"};
  return kNames.contains(name) || name.ends_with("Time") || name.ends_with("Timestamp") ||
         name.ends_with("At");
}

void scrub(Value& value) {
  if (value.is_object()) {
    std::vector<Value::Member> kept;
    for (auto& [name, member] : value.members()) {
      if (differs_anyway(name)) continue;
      if (name.starts_with("endpoints.kubernetes.io/")) continue;
      scrub(member);
      kept.emplace_back(name, std::move(member));
    }
    value.members() = std::move(kept);
  }
  constexpr std::string_view kTokenVolume = "kube-api-access-";  // what follows is drawn
  if (value.is_string() && value.text().starts_with(kTokenVolume))
    value = Value::string(std::string(kTokenVolume) + "*");
  for (Value& item : value.items()) scrub(item);
  if (value.is_array())
    std::sort(value.items().begin(), value.items().end(),
              [](const Value& a, const Value& b) { return a.str() < b.str(); });
}

/// A name that was drawn is told by what it was drawn for.
void forget_drawn_name(Value& object) {
  Value* const meta = object.find("metadata");
  if (!meta) return;
  const Value* const prefix = meta->find("generateName");
  if (!prefix || prefix->text().empty()) return;
  (*meta)["name"] = Value::string(prefix->text() + "*");
}

}  // namespace

Result<std::vector<std::string>> state_of(client::ApiClient& api) {
  std::vector<std::string> out;
  const api::RegistryPtr registry = api.registry();
  for (const api::ResourceInfo& resource : registry->resources()) {
    if (!resource.stored() || !resource.allows(api::Verb::List)) continue;
    if (resource.plural == "leases" || resource.plural == "events") continue;
    MZ_ASSIGN(const auto list, api.list(resource, {}, {}));
    for (const auto& object : list.items) {
      std::string text;
      codec::encode_json(text, object.message(), object.get());
      MZ_ASSIGN(Value tree, Value::parse(text));
      forget_drawn_name(tree);
      scrub(tree);
      out.push_back(resource.qualified() + " " + tree.str());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string difference(const std::vector<std::string>& wanted, const std::vector<std::string>& found) {
  std::vector<std::string> lost, extra;
  std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(), std::back_inserter(lost));
  std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(), std::back_inserter(extra));
  if (lost.empty() && extra.empty()) return "";
  return fmt::format("wanted [{}], found [{}]", lost.empty() ? "" : lost.front(),
                     extra.empty() ? "" : extra.front());
}

}  // namespace mizzen::sim
