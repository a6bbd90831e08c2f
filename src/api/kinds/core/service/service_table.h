#pragma once
#include "api/schema/core/v1/service.h"
#include "api/strategy/strategy.h"

namespace mizzen::api {

std::vector<TableColumn> service_columns();
TableCells service_row(const core::v1::Service& service, WallTime now);

}  // namespace mizzen::api
