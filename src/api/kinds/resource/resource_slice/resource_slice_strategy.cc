#include "api/kinds/resource/resource_slice/resource_slice_strategy.h"

#include "api/checks/field_checks.h"
#include "api/checks/node_selector_checks.h"
#include "api/go_text/go_object.h"
#include "api/kinds/resource/device_checks.h"
#include "api/kinds/resource/resource_slice/device_list_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace resource::v1;
using machinery::FieldErrors;
using machinery::Path;

/// Fields behind gates that are closed: lists as attributes, and what devices take of a node.
void drop_closed_fields(ResourceSlice& s) {
  for (Device& d : s.spec.devices) {
    for (auto& [name, attribute] : d.attributes) {
      attribute.ints.clear();
      attribute.bools.clear();
      attribute.strings.clear();
      attribute.versions.clear();
    }
    d.nodeAllocatableResourceMappings.clear();
  }
}

void check_pool(const ResourcePool& pool, const Path& at, FieldErrors& errors) {
  check_pool_name(pool.name, at.child("name"), errors);
  if (pool.resourceSliceCount <= 0)
    errors.invalid(at.child("resourceSliceCount"), pool.resourceSliceCount, "must be greater than zero");
  if (pool.generation < 0)
    errors.invalid(at.child("generation"), pool.generation, "must be greater than or equal to zero");
}

/// Where the devices of the slice are.
void check_place(const ResourceSliceSpec& s, const Path& at, FieldErrors& errors) {
  constexpr std::string_view kOne =
      "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  std::vector<std::string> set;
  if (s.nodeName && s.nodeName->empty())
    errors.invalid(at.child("nodeName"), "", "must be either unset or set to a non-empty string");
  if (s.nodeName && !s.nodeName->empty()) {
    set.push_back("`nodeName`");
    check_subdomain(*s.nodeName, at.child("nodeName"), errors);
  }
  if (s.nodeSelector) {
    set.push_back("`nodeSelector`");
    const Path selector = at.child("nodeSelector");
    check_node_selector(*s.nodeSelector, selector, errors);
    const auto& terms = s.nodeSelector->nodeSelectorTerms;
    if (terms.size() != 1)
      errors.invalid_raw(selector.child("nodeSelectorTerms"), terms.empty() ? "[]" : go_list(terms),
                         "must have exactly one node selector term");
  }
  const auto flag = [&](const std::optional<bool>& value, const char* name) {
    if (value && *value) set.push_back("`" + std::string(name) + "`");
    if (value && !*value) errors.invalid_raw(at.child(name), "false", "must be either unset or set to true");
  };
  flag(s.allNodes, "allNodes");
  flag(s.perDeviceNodeSelection, "perDeviceNodeSelection");
  if (set.empty()) errors.required(at, kOne);
  if (set.size() > 1)
    errors.invalid(at, "{" + join(set, ", ") + "}", std::string(kOne) + ", but multiple fields are set");
}

/// `old` is null on create.
void check(const ResourceSlice& slice, const ResourceSlice* old, FieldErrors& errors) {
  const ResourceSliceSpec& s = slice.spec;
  const Path at("spec");
  check_driver_name(s.driver, at.child("driver"), errors);
  check_pool(s.pool, at.child("pool"), errors);
  if (old) {
    constexpr const char* kImmutable = "field is immutable";
    const Path name = at.child("pool").child("name");
    if (s.pool.name != old->spec.pool.name) errors.invalid(name, s.pool.name, kImmutable);
    if (s.driver != old->spec.driver) errors.invalid(at.child("driver"), s.driver, kImmutable);
    if (s.nodeName != old->spec.nodeName)
      errors.invalid_raw(at.child("nodeName"), s.nodeName ? quote(*s.nodeName) : "null", kImmutable);
  }
  check_place(s, at, errors);
  if (!s.sharedCounters.empty() && !s.devices.empty())
    errors.invalid(at, "", "only one of `sharedCounters` or `devices` is allowed");
  check_devices(s, old ? &old->spec : nullptr, at.child("devices"), errors);
  check_counter_sets(s.sharedCounters, at.child("sharedCounters"), errors);
}

class ResourceSliceStrategy final : public TypedStrategy<ResourceSlice> {
 public:
  void stamp_times(ResourceSlice& s, const ResourceSlice*, const codec::Time& now) const override {
    for (Device& d : s.spec.devices)
      for (DeviceTaint& t : d.taints)
        if (!t.timeAdded) t.timeAdded = now;
  }
  void before_create(ResourceSlice& s) const override {
    s.metadata.generation = 1;
    drop_closed_fields(s);
  }
  void before_update(ResourceSlice& s, const ResourceSlice& old) const override {
    if (!codec::equal(s.spec, old.spec)) s.metadata.generation = old.metadata.generation + 1;
    drop_closed_fields(s);
  }
  void check_create(const ResourceSlice& s, FieldErrors& errors) const override { check(s, nullptr, errors); }
  void check_update(const ResourceSlice& s, const ResourceSlice& old, FieldErrors& errors) const override {
    check(s, &old, errors);
  }
  std::vector<std::string> warn(const ResourceSlice& s, const ResourceSlice*) const override {
    if (s.spec.driver == to_lower(s.spec.driver)) return {};
    return {"spec.driver: driver names should be lowercase; " + quote(s.spec.driver) +
            " contains uppercase characters"};
  }
  void fields_of(const ResourceSlice& s, FieldValues& f) const override {
    f.set("spec.nodeName", s.spec.nodeName ? std::string_view(*s.spec.nodeName) : "");
    f.set("spec.driver", s.spec.driver);
  }
  bool is_selectable(std::string_view f) const override { return f == "spec.nodeName" || f == "spec.driver"; }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Node", "string", "", "The node whose devices these are."},
            {"Driver", "string", "", "The driver of the devices."},
            {"Pool", "string", "", "The pool that the devices belong to."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const ResourceSlice& s, WallTime now) const override {
    return {cell(s.metadata.name), cell(s.spec.nodeName.value_or("")), cell(s.spec.driver),
            cell(s.spec.pool.name), age_cell(s.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& resource_slice_strategy() {
  static const ResourceSliceStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
