// ControllerRevisions, Leases, EndpointSlices, PriorityClasses.
#include "api/apps/strategies.h"
#include "api/schema/apps/v1/controller_revision.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "base/strings.h"
#include "machinery/names.h"
#include "machinery/object.h"

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
    if (r.data.empty()) errors.required(Path("data"), "data is mandatory");
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
    if (s.addressType.empty()) {
      errors.required(Path("addressType"), "");
    } else if (s.addressType != "IPv4" && s.addressType != "IPv6" && s.addressType != "FQDN") {
      errors.not_supported(Path("addressType"), s.addressType, {"FQDN", "IPv4", "IPv6"});
    }
    if (s.endpoints.size() > 1000) errors.too_many(Path("endpoints"), s.endpoints.size(), 1000);
    for (size_t i = 0; i < s.endpoints.size(); ++i) {
      const Path at = Path("endpoints").index(i).child("addresses");
      if (s.endpoints[i].addresses.empty()) errors.required(at, "must contain at least 1 address");
      if (s.addressType == "FQDN") continue;
      for (size_t k = 0; k < s.endpoints[i].addresses.size(); ++k)
        for (const std::string& m : machinery::is_valid_ip(s.endpoints[i].addresses[k]))
          errors.invalid(at.index(k), s.endpoints[i].addresses[k], m);
    }
  }
  void check_update(const EndpointSlice& s, const EndpointSlice& old, FieldErrors& errors) const override {
    check_create(s, errors);
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
    if (*c.preemptionPolicy != "PreemptLowerPriority" && *c.preemptionPolicy != "Never")
      errors.not_supported(Path("preemptionPolicy"), *c.preemptionPolicy, {"Never", "PreemptLowerPriority"});
  }
  void check_update(const PriorityClass& c, const PriorityClass& old, FieldErrors& errors) const override {
    if (c.value != old.value) errors.forbidden(Path("value"), "may not be changed in an update.");
    if (c.preemptionPolicy != old.preemptionPolicy)
      errors.forbidden(Path("preemptionPolicy"), "field is immutable");
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
