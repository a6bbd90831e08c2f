// ControllerRevisions, Leases, EndpointSlices, PriorityClasses.
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "api/kinds/apps/strategies.h"
#include "api/schema/apps/v1/controller_revision.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "base/strings.h"
#include "machinery/names/names.h"
#include "machinery/object/object.h"

namespace mizzen::api {
namespace {

using apps::v1::ControllerRevision;
using coordination::v1::Lease;
using discovery::v1::EndpointSlice;
using machinery::FieldErrors;
using machinery::Path;
using scheduling::v1::PriorityClass;

/// First three, and how many more.
std::string more3(const std::vector<std::string>& list) {
  std::string out;
  for (size_t i = 0; i < list.size() && i < 3; ++i) out += (i ? "," : "") + list[i];
  if (list.size() > 3) out += " + " + std::to_string(list.size() - 3) + " more...";
  return out.empty() ? "<unset>" : out;
}

class ControllerRevisionStrategy final : public TypedStrategy<ControllerRevision> {
 public:
  void check_create(const ControllerRevision& r, FieldErrors& errors) const override {
    if (r.data.empty() || r.data.text == "null") {
      errors.required(Path("data"), "data is mandatory");
    } else if (r.data.text[0] != '{') {
      errors.required(Path("data"), "data must be a valid JSON object");
    }
    if (r.revision < 0) errors.invalid(Path("revision"), r.revision, "must be greater than or equal to 0");
  }
  void check_update(const ControllerRevision& r, const ControllerRevision& old,
                    FieldErrors& errors) const override {
    check_create(r, errors);
    if (!(r.data == old.data)) errors.invalid(Path("data"), "", "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Controller", "string", "", "What it is a revision of."},
            {"Revision", "string", "", "Its number."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const ControllerRevision& r, WallTime now) const override {
    std::string owner = "<none>";
    if (const auto* ref = machinery::controller_of(r.metadata)) {
      const size_t slash = ref->apiVersion.find('/');
      owner = to_lower(ref->kind) +
              (slash == std::string::npos ? "" : "." + ref->apiVersion.substr(0, slash)) + "/" + ref->name;
    }
    return {cell(r.metadata.name), cell(owner), cell(r.revision),
            age_cell(r.metadata.creationTimestamp, now)};
  }
};

class LeaseStrategy final : public TypedStrategy<Lease> {
 public:
  bool allow_create_on_update() const override { return true; }
  bool allow_unconditional_update() const override { return false; }
  void check_create(const Lease& l, FieldErrors& errors) const override {
    const Path at("spec");
    if (l.spec.leaseDurationSeconds && *l.spec.leaseDurationSeconds <= 0)
      errors.invalid(at.child("leaseDurationSeconds"), *l.spec.leaseDurationSeconds,
                     "must be greater than 0");
    if (l.spec.leaseTransitions && *l.spec.leaseTransitions < 0)
      errors.invalid(at.child("leaseTransitions"), *l.spec.leaseTransitions,
                     "must be greater than or equal to 0");
    const auto& strategy = l.spec.strategy;
    if (strategy && strategy->find('/') == std::string::npos) {
      if (*strategy != "OldestEmulationVersion")
        errors.not_supported(at.child("strategy").child("strategy"), *strategy, {"OldestEmulationVersion"});
    } else if (strategy) {
      check_messages(machinery::is_qualified_name(*strategy), at.child("strategy").child("strategy"),
                     *strategy, errors);
    }
    if (l.spec.preferredHolder && !l.spec.preferredHolder->empty() && !strategy)
      errors.forbidden(at.child("preferredHolder"), "may only be specified if `strategy` is defined");
  }
  void check_update(const Lease& l, const Lease&, FieldErrors& errors) const override {
    check_create(l, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Holder", "string", "", "Who holds it."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const Lease& l, WallTime now) const override {
    return {cell(l.metadata.name), cell(l.spec.holderIdentity.value_or("")),
            age_cell(l.metadata.creationTimestamp, now)};
  }
};

constexpr size_t kEndpointsMax = 1000, kAddressesMax = 100, kPortsMax = 20000, kTopologyMax = 16,
                 kHintsMax = 8;

void check_slice_ports(const EndpointSlice& s, FieldErrors& errors) {
  const Path at("ports");
  if (s.ports.size() > kPortsMax) return errors.too_many(at, s.ports.size(), kPortsMax);
  std::set<std::string> names;
  for (size_t i = 0; i < s.ports.size(); ++i) {
    const auto& p = s.ports[i];
    const Path here = at.index(i);
    const std::string name = p.name.value_or("");
    if (!name.empty()) check_label(name, here.child("name"), errors);
    if (!names.insert(name).second) errors.duplicate(here.child("name"), name);
    check_one_of(p.protocol.value_or(""), here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
    if (p.appProtocol)
      check_messages(machinery::is_qualified_name(*p.appProtocol), here.child("appProtocol"), *p.appProtocol,
                     errors);
  }
}

void check_slice_address(const std::string& type, const std::string& address, const Path& list,
                         const Path& at, FieldErrors& errors) {
  if (type == "FQDN") {
    std::string_view name = address;
    if (name.ends_with(".")) name.remove_suffix(1);
    if (name.empty()) return errors.required(at, "");
    const auto messages = machinery::is_dns1123_subdomain(name);
    if (!messages.empty()) return errors.invalid(at, name, join(messages, ","));
    if (!machinery::is_fqdn(name))
      errors.invalid(at, name, "should be a domain with at least two segments separated by dots");
    return;
  }
  if (type != "IPv4" && type != "IPv6") return;
  const auto messages = machinery::is_valid_ip(address);
  if (!messages.empty()) return check_messages(messages, at, address, errors);
  if (const std::string canonical = machinery::canonical_ip(address); type == "IPv6" && canonical != address)
    return errors.invalid(at, address, "must be in canonical form (" + quote(canonical) + ")");
  if (machinery::ip_family(address) != type) errors.invalid(list, address, "must be an " + type + " address");
  check_messages(machinery::is_endpoint_ip(address), at, address, errors);
}

/// Names under hints: each once, at most kHintsMax.
template <typename T, typename F>
bool check_hints(const std::vector<T>& hints, const Path& at, F check_name, FieldErrors& errors) {
  if (hints.size() > kHintsMax) {
    errors.too_many(at, hints.size(), kHintsMax);
    return false;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < hints.size(); ++i) {
    const Path name = at.index(i).child("name");
    if (!seen.insert(hints[i].name).second) errors.duplicate(name, hints[i].name);
    check_messages(check_name(hints[i].name), name, hints[i].name, errors);
  }
  return true;
}

void check_slice_endpoints(const EndpointSlice& s, FieldErrors& errors) {
  const Path at("endpoints");
  if (s.endpoints.size() > kEndpointsMax) return errors.too_many(at, s.endpoints.size(), kEndpointsMax);
  for (size_t i = 0; i < s.endpoints.size(); ++i) {
    const auto& e = s.endpoints[i];
    const Path here = at.index(i), list = here.child("addresses");
    if (e.addresses.empty()) errors.required(list, "must contain at least 1 address");
    if (e.addresses.size() > kAddressesMax) errors.too_many(list, e.addresses.size(), kAddressesMax);
    for (size_t k = 0; k < e.addresses.size(); ++k)
      check_slice_address(s.addressType, e.addresses[k], list, list.index(k), errors);
    if (e.nodeName) check_subdomain(*e.nodeName, here.child("nodeName"), errors);
    const Path topology = here.child("deprecatedTopology");
    if (e.deprecatedTopology.size() > kTopologyMax)
      errors.too_many(topology, e.deprecatedTopology.size(), kTopologyMax);
    check_labels(e.deprecatedTopology, topology, errors);
    if (e.deprecatedTopology.contains("topology.kubernetes.io/zone"))
      errors.internal(topology.key("topology.kubernetes.io/zone"),
                      "reserved key was not removed in conversion");
    if (e.hostname) check_label(*e.hostname, here.child("hostname"), errors);
    if (!e.hints) continue;
    const Path hints = here.child("hints");
    if (check_hints(e.hints->forZones, hints.child("forZones"), machinery::is_valid_label_value, errors))
      check_hints(e.hints->forNodes, hints.child("forNodes"), machinery::is_dns1123_subdomain, errors);
  }
}

class EndpointSliceStrategy final : public TypedStrategy<EndpointSlice> {
 public:
  void defaults(EndpointSlice& s, std::string_view) const override {
    for (auto& p : s.ports) {
      if (!p.name) p.name = "";
      if (!p.protocol) p.protocol = "TCP";
    }
  }
  void before_create(EndpointSlice& s) const override { s.metadata.generation = 1; }
  void before_update(EndpointSlice& s, const EndpointSlice& old) const override {
    EndpointSlice same = s;
    same.metadata = old.metadata;
    if (!codec::equal(same, old) || !(s.metadata.labels == old.metadata.labels))
      s.metadata.generation = old.metadata.generation + 1;
  }
  void check_create(const EndpointSlice& s, FieldErrors& errors) const override {
    check_one_of(s.addressType, Path("addressType"), {"FQDN", "IPv4", "IPv6"}, errors);
    check_slice_ports(s, errors);
    check_slice_endpoints(s, errors);
  }
  void check_update(const EndpointSlice& s, const EndpointSlice& old, FieldErrors& errors) const override {
    check_one_of(s.addressType, Path("addressType"), {"FQDN", "IPv4", "IPv6"}, errors);
    check_slice_ports(s, errors);
    // What was taken once stays.
    FieldErrors found;
    check_slice_endpoints(s, found);
    if (!found.empty()) {
      bool same = s.endpoints.size() == old.endpoints.size();
      for (size_t i = 0; same && i < s.endpoints.size(); ++i)
        same = codec::equal(s.endpoints[i], old.endpoints[i]);
      if (!same) errors.append(found);
    }
    if (s.addressType != old.addressType)
      errors.invalid(Path("addressType"), s.addressType, "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"AddressType", "string", "", "Kind of the addresses."},
            {"Ports", "string", "", "Ports of the endpoints."},
            {"Endpoints", "string", "", "Addresses of the endpoints."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const EndpointSlice& s, WallTime now) const override {
    std::vector<std::string> ports, addresses;
    for (const auto& p : s.ports)
      ports.push_back(p.port ? std::to_string(*p.port) : p.name && !p.name->empty() ? *p.name : "*");
    for (const auto& e : s.endpoints)
      addresses.insert(addresses.end(), e.addresses.begin(), e.addresses.end());
    return {cell(s.metadata.name), cell(s.addressType), cell(more3(ports)), cell(more3(addresses)),
            age_cell(s.metadata.creationTimestamp, now)};
  }
};

class PriorityClassStrategy final : public TypedStrategy<PriorityClass> {
 public:
  void defaults(PriorityClass& c, std::string_view) const override {
    if (!c.preemptionPolicy) c.preemptionPolicy = "PreemptLowerPriority";
  }
  void before_create(PriorityClass& c) const override { c.metadata.generation = 1; }
  void check_create(const PriorityClass& c, FieldErrors& errors) const override {
    const bool system =
        c.metadata.name == "system-node-critical" || c.metadata.name == "system-cluster-critical";
    if (c.metadata.name.starts_with("system-") && !system)
      errors.forbidden(
          Path("metadata").child("name"),
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
              c.metadata.name + " is not a known system priority class");
    if (!system && c.value > 1'000'000'000)
      errors.forbidden(Path("value"), "maximum allowed value of a user defined priority is 1000000000");
    check_one_of(c.preemptionPolicy.value_or(""), Path("preemptionPolicy"), {"PreemptLowerPriority", "Never"},
                 errors);
  }
  void check_update(const PriorityClass& c, const PriorityClass& old, FieldErrors& errors) const override {
    if (c.value != old.value) errors.forbidden(Path("value"), "may not be changed in an update.");
    if (c.preemptionPolicy != old.preemptionPolicy)
      errors.invalid(Path("preemptionPolicy"), c.preemptionPolicy.value_or(""), "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Value", "integer", "", "Priority of pods of this class."},
            {"Global-Default", "boolean", "", "Whether pods without a class get it."},
            {"Age", "string", "", "How long ago it was created."},
            {"PreemptionPolicy", "string", "", "Whether its pods may push others away."}};
  }
  TableCells row(const PriorityClass& c, WallTime now) const override {
    return {cell(c.metadata.name), cell(int64_t{c.value}), c.globalDefault ? "true" : "false",
            age_cell(c.metadata.creationTimestamp, now), cell(c.preemptionPolicy.value_or(""))};
  }
};

}  // namespace

const Strategy& controller_revision_strategy() {
  static const ControllerRevisionStrategy s;
  return s;
}
const Strategy& lease_strategy() {
  static const LeaseStrategy s;
  return s;
}
const Strategy& endpoint_slice_strategy() {
  static const EndpointSliceStrategy s;
  return s;
}
const Strategy& priority_class_strategy() {
  static const PriorityClassStrategy s;
  return s;
}

}  // namespace mizzen::api
