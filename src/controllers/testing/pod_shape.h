#pragma once
#include <memory>
#include <string>

#include "codec/tables/values.h"
#include "controllers/framework/pods.h"

namespace mizzen::controllers {

/// What the tables of tests say of a pod: labelled app=a, in namespace ns, owned by the UID `owner`.
struct PodShape {
  std::string name, node, phase = "Running";
  bool ready = true;
  int64_t ready_since = 1'699'999'000;
  int cost = 0, restarts = 0;
  int64_t created = 1'699'990'000;
  bool deleting = false;
  std::string owner;
};

inline PodPtr pod(const PodShape& shape) {
  auto p = std::make_shared<Pod>();
  p->metadata.name = shape.name;
  p->metadata.namespace_ = "ns";
  p->metadata.uid = "uid-" + shape.name;
  p->metadata.labels.set("app", "a");
  p->metadata.creationTimestamp = codec::Time{shape.created, 0};
  if (shape.deleting) p->metadata.deletionTimestamp = codec::Time{shape.created + 1, 0};
  if (shape.cost)
    p->metadata.annotations.set("controller.kubernetes.io/pod-deletion-cost", std::to_string(shape.cost));
  if (!shape.owner.empty()) {
    auto& owner = p->metadata.ownerReferences.emplace_back();
    owner.uid = shape.owner;
    owner.controller = true;
  }
  p->spec.nodeName = shape.node;
  p->status.phase = shape.phase;
  if (shape.ready && shape.phase == "Running") {
    auto& c = p->status.conditions.emplace_back();
    c.type = "Ready";
    c.status = "True";
    c.lastTransitionTime = codec::Time{shape.ready_since, 0};
  }
  p->status.containerStatuses.emplace_back().restartCount = shape.restarts;
  return p;
}

}  // namespace mizzen::controllers
