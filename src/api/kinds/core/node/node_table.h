#pragma once
#include "api/schema/core/v1/node.h"
#include "api/strategy/strategy.h"

namespace mizzen::api {

std::vector<TableColumn> node_columns();
TableCells node_row(const core::v1::Node& node, WallTime now);

}  // namespace mizzen::api
