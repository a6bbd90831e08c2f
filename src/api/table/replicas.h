#pragma once
#include <string>
#include <vector>

#include "api/strategy/strategy.h"
#include "api/table/texts.h"

/// ReplicaSets and ReplicationControllers are shown alike.
namespace mizzen::api {

std::vector<TableColumn> replica_columns();

/// `containers` is null where there is no template.
template <typename T>
TableCells replica_row(const T& r, const std::vector<core::v1::Container>* containers, std::string selector,
                       WallTime now) {
  return {cell(r.metadata.name),
          cell(int64_t{r.spec.replicas.value_or(0)}),
          cell(int64_t{r.status.replicas}),
          cell(int64_t{r.status.readyReplicas}),
          age_cell(r.metadata.creationTimestamp, now),
          cell(containers ? container_names(*containers) : ""),
          cell(containers ? container_images(*containers) : ""),
          cell(selector)};
}

}  // namespace mizzen::api
