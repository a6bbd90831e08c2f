// Services, endpoints, minions, bindings, events.
#include "api/v1beta1/shapes.h"

namespace mizzen::api::v1beta1 {
namespace {

using Kind = Rule::Kind;

std::string string_of(const Value* value) { return value && value->is_string() ? value->text() : ""; }
Rule same(const char* name) { return {Kind::Same, name, name}; }
Rule own(const char* old, decltype(Rule::in) in, decltype(Rule::out) out) {
  return {.kind = Kind::Own, .old = old, .in = in, .out = out};
}

const std::vector<Rule>& service_port_shape() {
  static const std::vector<Rule> rules = {same("name"),
                                          same("protocol"),
                                          same("port"),
                                          {Kind::Same, "containerPort", "targetPort"},
                                          same("nodePort")};
  return rules;
}

/// The one port that services had before they had several: it counts where `ports` says none.
const std::vector<Word>& first_port_fields() {
  static const std::vector<Word> words = {
      {"port", "port"}, {"portName", "name"}, {"protocol", "protocol"}, {"containerPort", "targetPort"}};
  return words;
}
void first_port_in(const Value& from, Value& now, const char* field) {
  if (says_nothing(from)) return;
  Value& ports = make_at(now, "spec.ports");
  if (!ports.is_array()) ports = Value::array();
  if (ports.items().empty()) ports.items().push_back(Value::object());
  Value& first = ports.items().front();
  if (says_nothing(first[field])) first[field] = from;
}
void first_port_out(Turn&, const Value& now, Value& old) {
  const Value* ports = find_at(now, "spec.ports");
  if (!ports || !ports->is_array() || ports->items().empty()) return;
  for (const Word& field : first_port_fields())
    if (const Value* value = find_at(ports->items().front(), field.now)) old[field.old] = *value;
}

void balanced_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  if (says_nothing(from)) return;
  const std::string type = string_of(find_at(now, "spec.type"));
  if (!type.empty() && type != "LoadBalancer")
    return turn.errors.invalid_raw(at, "true", "contradicts type " + type);
  make_at(now, "spec.type") = Value::string("LoadBalancer");
}
void balanced_out(Turn&, const Value& now, Value& old) {
  if (string_of(find_at(now, "spec.type")) == "LoadBalancer")
    old["createExternalLoadBalancer"] = Value::boolean(true);
}

const std::vector<Rule>& endpoint_address_shape() {
  static const std::vector<Rule> rules = {{Kind::Same, "IP", "ip"},
                                          {Kind::Inside, "targetRef", "targetRef", &reference_shape}};
  return rules;
}
const std::vector<Rule>& endpoint_subset_shape() {
  static const std::vector<Rule> rules = {{Kind::Each, "addresses", "addresses", &endpoint_address_shape},
                                          same("ports")};
  return rules;
}

/// address:port as Go joins and splits them; empty port where there is none.
std::pair<std::string, std::string> split_endpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, ""};
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, text.substr(colon + 1)};
}
std::string join_endpoint(const std::string& ip, const std::string& port) {
  return (ip.find(':') != std::string::npos ? "[" + ip + "]" : ip) + ":" + port;
}

/// The list that endpoints had before they had subsets: it counts where `subsets` says none. One subset for
/// each port, in the order of its first endpoint.
void endpoint_list_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  if (!from.is_array()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be a list");
  Value& subsets = make_at(now, "subsets");
  if (!subsets.is_array()) subsets = Value::array();
  if (!subsets.items().empty()) return;
  for (size_t i = 0; i < from.items().size(); ++i) {
    const auto [ip, port] = split_endpoint(string_of(&from.items()[i]));
    const bool is_port =
        !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
    if (ip.empty() || !is_port) {
      turn.errors.invalid_raw(at.index(i), from.items()[i].str().substr(0, 100), "must be address:port");
      continue;
    }
    Value address = Value::object();
    address["ip"] = Value::string(ip);
    // Only the last can have the same port in an ordered list; others are looked for, of few ports.
    Value* found = nullptr;
    for (Value& subset : subsets.items())
      if (subset["ports"].items().front()["port"].text() == port) found = &subset;
    if (!found) {
      Value made = Value::object();
      made["addresses"] = Value::array();
      made["ports"] = Value::array();
      Value entry = Value::object();
      entry["port"] = Value::number(port);
      made["ports"].items().push_back(std::move(entry));
      subsets.items().push_back(std::move(made));
      found = &subsets.items().back();
    }
    (*found)["addresses"].items().push_back(std::move(address));
    if (subsets.items().size() > 1000) return turn.errors.invalid_raw(at, "", "has more than 1000 ports");
  }
}
void endpoint_list_out(Turn& turn, const Value& now, Value& old) {
  const Value* subsets = find_at(now, "subsets");
  if (!subsets || !subsets->is_array()) return;
  std::string first;
  Value list = Value::array(), refs = Value::array();
  for (size_t i = 0; i < subsets->items().size(); ++i) {
    const Value* ports = find_at(subsets->items()[i], "ports");
    const Value* addresses = find_at(subsets->items()[i], "addresses");
    if (!ports || !addresses) continue;
    if (i == 0 && !ports->items().empty()) {
      first = string_of(find_at(ports->items().front(), "name"));
      if (const Value* protocol = find_at(ports->items().front(), "protocol")) old["protocol"] = *protocol;
    }
    for (const Value& port : ports->items()) {
      const Value* number = find_at(port, "port");
      if (!number || string_of(find_at(port, "name")) != first) continue;
      for (const Value& address : addresses->items()) {
        const std::string endpoint = join_endpoint(string_of(find_at(address, "ip")), number->text());
        list.items().push_back(Value::string(endpoint));
        const Value* ref = find_at(address, "targetRef");
        if (!ref) continue;
        Value target = Value::object();
        target["endpoint"] = Value::string(endpoint);
        target["targetRef"] = Value::object();
        turn.out(&reference_shape, *ref, target["targetRef"]);
        refs.items().push_back(std::move(target));
      }
    }
  }
  old["endpoints"] = std::move(list);
  if (!says_nothing(refs)) old["targetRefs"] = std::move(refs);
}

/// Of the list; subsets have theirs beside each address and port.
void endpoint_protocol_in(Turn&, const Value& from, Value& now, const Path&) {
  Value* subsets = now.find("subsets");
  if (says_nothing(from) || !subsets || !subsets->is_array()) return;
  for (Value& subset : subsets->items()) {
    Value* ports = subset.find("ports");
    if (!ports) continue;
    for (Value& port : ports->items())
      if (port.is_object() && says_nothing(port["protocol"])) port["protocol"] = from;
  }
}
void endpoint_refs_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  Value* subsets = now.find("subsets");
  if (!from.is_array()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be a list");
  if (!subsets || !subsets->is_array()) return;
  for (size_t i = 0; i < from.items().size(); ++i) {
    const Value& item = from.items()[i];
    const Value* ref = item.is_object() ? item.find("targetRef") : nullptr;
    if (!ref || !ref->is_object()) continue;
    const auto [ip, port] = split_endpoint(string_of(find_at(item, "endpoint")));
    for (Value& subset : subsets->items()) {
      Value* addresses = subset.find("addresses");
      const Value* ports = subset.find("ports");
      if (!addresses || !ports || ports->items().empty()) continue;
      const Value* number = find_at(ports->items().front(), "port");
      if (!number || number->text() != port) continue;
      for (Value& address : addresses->items()) {
        if (!address.is_object() || string_of(address.find("ip")) != ip || address.find("targetRef"))
          continue;
        address["targetRef"] = Value::object();
        turn.in(&reference_shape, *ref, address["targetRef"], at.index(i).child("targetRef"));
      }
    }
  }
}

const std::vector<Rule>& node_condition_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Same, "kind", "type"},
      {Kind::Word, "status", "status", nullptr, &condition_words},
      {Kind::Same, "lastProbeTime", "lastHeartbeatTime"},
      same("lastTransitionTime"),
      same("reason"),
      same("message"),
  };
  return rules;
}
const std::vector<Rule>& node_status_shape() {
  static const std::vector<Rule> rules = {
      same("phase"),
      {Kind::Each, "conditions", "conditions", &node_condition_shape},
      same("addresses"),
      same("nodeInfo"),
  };
  return rules;
}

void capacity_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  Value& status = make_at(now, "status");
  if (!status.is_object()) status = Value::object();
  quantities_in(turn, from, status, "capacity", at);
}
void capacity_out(Turn&, const Value& now, Value& old) {
  quantities_out(now, "status.capacity", old, "capacity");
}
const std::vector<Rule>& node_resources_shape() {
  static const std::vector<Rule> rules = {own("capacity", capacity_in, capacity_out)};
  return rules;
}

/// The one address that minions had before they had several.
void host_ip_in(Turn&, const Value& from, Value& now, const Path&) {
  if (says_nothing(from)) return;
  Value& addresses = make_at(now, "status.addresses");
  if (!addresses.is_array()) addresses = Value::array();
  for (const Value& address : addresses.items())
    if (string_of(find_at(address, "address")) == string_of(&from)) return;
  Value address = Value::object();
  address["type"] = Value::string("InternalIP");
  address["address"] = from;
  addresses.items().push_back(std::move(address));
}
void host_ip_out(Turn&, const Value& now, Value& old) {
  const Value* addresses = find_at(now, "status.addresses");
  if (!addresses || !addresses->is_array()) return;
  for (const char* type : {"LegacyHostIP", "InternalIP"}) {
    for (const Value& address : addresses->items()) {
      if (string_of(find_at(address, "type")) != type) continue;
      old["hostIP"] = Value::string(string_of(find_at(address, "address")));
      return;
    }
  }
}

void bound_pod_in(Turn&, const Value& from, Value& now, const Path&) {
  if (!says_nothing(from)) make_at(now, "metadata.name") = from;
}
void bound_pod_out(Turn&, const Value& now, Value& old) {
  if (const Value* name = find_at(now, "metadata.name")) old["podID"] = *name;
}
void bound_host_in(Turn&, const Value& from, Value& now, const Path&) {
  Value& target = make_at(now, "target");
  target["kind"] = Value::string("Node");
  target["name"] = from;
}
void bound_host_out(Turn&, const Value& now, Value& old) {
  if (const Value* name = find_at(now, "target.name")) old["host"] = *name;
}

/// What events had before they were counted.
void timestamp_in(Turn&, const Value& from, Value& now, const Path&) {
  if (find_at(now, "firstTimestamp")) return;
  now["firstTimestamp"] = from;
  now["lastTimestamp"] = from;
  now["count"] = Value::integer(1);
}
void timestamp_out(Turn&, const Value& now, Value& old) {
  if (const Value* time = find_at(now, "firstTimestamp")) old["timestamp"] = *time;
}

}  // namespace

const std::vector<Rule>& reference_shape() {
  static const std::vector<Rule> rules = {
      same("kind"),
      same("namespace"),
      own(
          "name", [](Turn&, const Value& from, Value& now, const Path&) { now["name"] = from; },
          [](Turn&, const Value& now, Value& old) {
            if (const Value* name = find_at(now, "name")) old["name"] = *name;
          }),
      own(
          "id",
          [](Turn&, const Value& from, Value& now, const Path&) {
            if (says_nothing(now["name"])) now["name"] = from;
          },
          nullptr),
      same("uid"),
      same("apiVersion"),
      same("resourceVersion"),
      same("fieldPath"),
  };
  return rules;
}

const std::vector<Rule>& service_shape() {
  const auto first = [](const char* name, decltype(Rule::in) in, decltype(Rule::out) out = nullptr) {
    return own(name, in, out);
  };
  static const std::vector<Rule> rules = with_meta({
      {Kind::Each, "ports", "spec.ports", &service_port_shape},
      // All of the first port, so that a port beside `ports` counts for nothing.
      first(
          "port", [](Turn&, const Value& from, Value& now, const Path&) { first_port_in(from, now, "port"); },
          first_port_out),
      first("portName",
            [](Turn&, const Value& from, Value& now, const Path&) { first_port_in(from, now, "name"); }),
      first("protocol",
            [](Turn&, const Value& from, Value& now, const Path&) { first_port_in(from, now, "protocol"); }),
      first("containerPort", [](Turn&, const Value& from, Value& now,
                                const Path&) { first_port_in(from, now, "targetPort"); }),
      {Kind::Same, "selector", "spec.selector"},
      {Kind::Same, "type", "spec.type"},
      own("createExternalLoadBalancer", balanced_in, balanced_out),
      {Kind::Same, "publicIPs", "spec.externalIPs"},
      {Kind::Same, "portalIP", "spec.clusterIP"},
      {Kind::Passed, "proxyPort"},
      {Kind::Same, "sessionAffinity", "spec.sessionAffinity"},
      {Kind::Same, "loadBalancerStatus", "status.loadBalancer"},
  });
  return rules;
}

const std::vector<Rule>& endpoints_shape() {
  static const std::vector<Rule> rules = with_meta({
      {Kind::Each, "subsets", "subsets", &endpoint_subset_shape},
      own("endpoints", endpoint_list_in, endpoint_list_out),
      own("protocol", endpoint_protocol_in, nullptr),
      own("targetRefs", endpoint_refs_in, nullptr),
  });
  return rules;
}

const std::vector<Rule>& minion_shape() {
  static const std::vector<Rule> rules = with_meta({
      {Kind::Inside, "status", "status", &node_status_shape},
      own("hostIP", host_ip_in, host_ip_out),
      {Kind::Flat, "resources", "", &node_resources_shape},
      {Kind::Same, "podCIDR", "spec.podCIDR"},
      {Kind::Same, "unschedulable", "spec.unschedulable"},
      {Kind::Same, "externalID", "spec.externalID"},
  });
  return rules;
}

const std::vector<Rule>& binding_shape() {
  static const std::vector<Rule> rules =
      with_meta({own("podID", bound_pod_in, bound_pod_out), own("host", bound_host_in, bound_host_out)});
  return rules;
}

const std::vector<Rule>& event_shape() {
  static const std::vector<Rule> rules = with_meta({
      {Kind::Inside, "involvedObject", "involvedObject", &reference_shape},
      {Kind::Refused, "status"},
      same("reason"),
      same("message"),
      {Kind::Same, "source", "source.component"},
      {Kind::Same, "host", "source.host"},
      same("firstTimestamp"),
      same("lastTimestamp"),
      same("count"),
      own("timestamp", timestamp_in, timestamp_out),
  });
  return rules;
}

}  // namespace mizzen::api::v1beta1
