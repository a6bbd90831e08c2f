#pragma once
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

class Core;

/// What caches know anyway, read at each scrape. `core` must outlive the last scrape.
void register_cache_metrics(Metrics& metrics, Core& core);
/// kubernetes_build_info: what runs, as labels of a 1.
void register_build_info(Metrics& metrics);

}  // namespace mizzen::apiserver
