#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Counts in a status: none negative, none above the pods there are.
struct Counts {
  std::vector<std::pair<const char*, int64_t>> all;    ///< in upstream's order
  std::vector<std::pair<const char*, int64_t>> parts;  ///< may not exceed `replicas`
  int64_t replicas = 0, ready = 0, available = 0;
};

void check_status_counts(const Counts& counts, machinery::FieldErrors& errors);

/// ReplicaSets and ReplicationControllers count alike.
template <typename Status>
Counts replica_counts(const Status& s) {
  return {{{"replicas", s.replicas},
           {"fullyLabeledReplicas", s.fullyLabeledReplicas},
           {"readyReplicas", s.readyReplicas},
           {"availableReplicas", s.availableReplicas},
           {"observedGeneration", s.observedGeneration}},
          {{"fullyLabeledReplicas", s.fullyLabeledReplicas},
           {"readyReplicas", s.readyReplicas},
           {"availableReplicas", s.availableReplicas}},
          s.replicas,
          s.readyReplicas,
          s.availableReplicas};
}

}  // namespace mizzen::api
