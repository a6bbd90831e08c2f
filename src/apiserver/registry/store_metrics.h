#pragma once
#include <array>
#include <functional>

#include "api/registry/registry.h"
#include "base/clock.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

/// Role: times one resource's calls of the store under upstream's names. Threading: thread-safe; immutable.
class StoreMetrics {
 public:
  enum class Op : uint8_t { Get, Create, Update, Delete, List };
  StoreMetrics(Metrics& metrics, const api::ResourceInfo& resource);
  void record(Op op, bool failed, Duration took) const;

 private:
  struct Series {
    Histogram* seconds = nullptr;
    Counter* total = nullptr;
    Counter* errors = nullptr;
  };
  std::array<Series, 5> series_;
};

}  // namespace mizzen::apiserver
