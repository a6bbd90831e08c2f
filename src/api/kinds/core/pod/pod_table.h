#pragma once
#include "api/schema/core/v1/pod.h"
#include "api/strategy/strategy.h"

namespace mizzen::api {

std::vector<TableColumn> pod_columns();
TableCells pod_row(const core::v1::Pod& pod, WallTime now);
/// Names and images of containers, `a,b`.
std::string container_names(const std::vector<core::v1::Container>& containers);
std::string container_images(const std::vector<core::v1::Container>& containers);
/// `k=v,l=w`, or `<none>`.
std::string labels_text(const codec::Map<std::string>& labels);

}  // namespace mizzen::api
