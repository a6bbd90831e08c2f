#pragma once
#include <array>
#include <functional>

#include "api/registry/registry.h"
#include "base/clock.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

class Core;

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

/// Role: times admission as a whole and each of its parts, which carry the names of upstream's plug-ins.
/// Threading: thread-safe; immutable.
class AdmissionMetrics {
 public:
  enum class Part : uint8_t { Whole, NamespaceLifecycle, ServiceAccount, Priority, DefaultTolerationSeconds };
  explicit AdmissionMetrics(Metrics& metrics);
  void record(Part part, bool create, bool rejected, Duration took) const;

 private:
  std::array<std::array<std::array<Histogram*, 2>, 2>, 5> series_{};
};

/// What caches know anyway, read at each scrape. `core` must outlive the last scrape.
void register_cache_metrics(Metrics& metrics, Core& core);
/// kubernetes_build_info: what runs, as labels of a 1.
void register_build_info(Metrics& metrics);

}  // namespace mizzen::apiserver
