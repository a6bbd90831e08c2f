#pragma once
#include "api/schema/core/v1/pod.h"
#include "api/strategy/strategy.h"

namespace mizzen::api {

std::vector<TableColumn> pod_columns();
TableCells pod_row(const core::v1::Pod& pod, WallTime now);

}  // namespace mizzen::api
