#pragma once
#include <string>

#include "kubelet/schema/stats/v1alpha1/summary.h"

namespace mizzen::kubelet {

/// Pure: the lines that Prometheus reads of a summary (GET /metrics/resource).
std::string resource_metrics(const stats::v1alpha1::Summary& summary);

}  // namespace mizzen::kubelet
