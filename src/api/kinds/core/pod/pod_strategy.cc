#include "api/kinds/core/pod/pod_strategy.h"

#include "api/kinds/core/pod/disabled_fields.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/kinds/core/pod/pod_qos.h"
#include "api/kinds/core/pod/pod_table.h"
#include "api/strategy/status_meta.h"
#include "base/check.h"

namespace mizzen::api {
namespace {

using core::v1::Pod;
using machinery::FieldErrors;

class PodStrategy final : public TypedStrategy<Pod> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  bool returns_deleted() const override { return true; }
  void defaults(Pod& pod, std::string_view) const override { default_pod(pod); }
  void before_create(Pod& pod) const override {
    pod.metadata.generation = 1;
    pod.status = {};
    pod.status.phase = "Pending";
    pod.status.qosClass = qos_class(pod.spec);
    drop_disabled_fields(pod.spec, nullptr);
    if (pod.spec.schedulingGates.empty()) return;
    auto& c = pod.status.conditions.emplace_back();
    c.type = "PodScheduled";
    c.status = "False";
    c.reason = "SchedulingGated";
    c.message = "Scheduling is blocked due to non-empty scheduling gates";
  }
  void check_create(const Pod& pod, FieldErrors& errors) const override { check_pod_create(pod, errors); }
  void before_update(Pod& pod, const Pod& old) const override {
    pod.status = old.status;
    drop_disabled_fields(pod.spec, &old.spec);
    if (!codec::equal(pod.spec, old.spec)) ++pod.metadata.generation;
  }
  void check_update(const Pod& pod, const Pod& old, FieldErrors& errors) const override {
    check_pod_update(pod, old, errors);
  }
  void before_status_update(Pod& pod, const Pod& old) const override {
    pod.spec = old.spec;
    pod.metadata.ownerReferences = old.metadata.ownerReferences;
    pod.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
    if (pod.status.qosClass.empty()) pod.status.qosClass = old.status.qosClass;
    if (!pod.status.podIP.empty() &&
        (pod.status.podIPs.empty() || pod.status.podIPs[0].ip != pod.status.podIP)) {
      pod.status.podIPs.clear();
      pod.status.podIPs.emplace_back().ip = pod.status.podIP;
    }
  }
  void check_status_update(const Pod& pod, const Pod& old, FieldErrors& errors) const override {
    check_pod_status_update(pod, old, errors);
  }
  void before_part_update(Subresource part, Pod& pod, const Pod& old) const override {
    if (part == Subresource::Status) return before_status_update(pod, old);
    MZ_CHECK(part == Subresource::EphemeralContainers, "pods have no other stored part");
    auto containers = std::move(pod.spec.ephemeralContainers);
    pod.spec = old.spec;
    pod.spec.ephemeralContainers = std::move(containers);
    pod.status = old.status;
    keep_meta(pod.metadata, old.metadata);
    drop_disabled_fields(pod.spec, &old.spec);
    if (!codec::equal(pod.spec, old.spec)) ++pod.metadata.generation;
  }
  void check_part_update(Subresource part, const Pod& pod, const Pod& old,
                         FieldErrors& errors) const override {
    part == Subresource::Status ? check_status_update(pod, old, errors)
                                : check_ephemeral_update(pod, old, errors);
  }
  std::optional<int64_t> grace(const Pod& pod, const std::optional<int64_t>& asked) const override {
    int64_t period = asked.value_or(pod.spec.terminationGracePeriodSeconds.value_or(30));
    if (pod.spec.nodeName.empty() || pod.status.phase == "Succeeded" || pod.status.phase == "Failed")
      period = 0;
    return period < 0 ? 1 : period;
  }
  void fields_of(const Pod& pod, FieldValues& f) const override {
    f.set("spec.nodeName", pod.spec.nodeName);
    f.set("spec.restartPolicy", pod.spec.restartPolicy);
    f.set("spec.schedulerName", pod.spec.schedulerName);
    f.set("spec.serviceAccountName", pod.spec.serviceAccountName);
    f.set("spec.hostNetwork", pod.spec.hostNetwork ? "true" : "false");
    f.set("status.phase", pod.status.phase);
    f.set("status.podIP", pod.status.podIPs.empty() ? pod.status.podIP : pod.status.podIPs[0].ip);
    f.set("status.nominatedNodeName", pod.status.nominatedNodeName);
  }
  bool is_selectable(std::string_view f) const override {
    return f == "spec.nodeName" || f == "spec.restartPolicy" || f == "spec.schedulerName" ||
           f == "spec.serviceAccountName" || f == "spec.hostNetwork" || f == "status.phase" ||
           f == "status.podIP" || f == "status.nominatedNodeName";
  }
  std::vector<TableColumn> table_columns() const override { return pod_columns(); }
  TableCells row(const Pod& pod, WallTime now) const override { return pod_row(pod, now); }
};

}  // namespace

const Strategy& pod_strategy() {
  static const PodStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
