#pragma once
#include <vector>

#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "controllers/framework/pods.h"

/// Which addresses stand behind a service; pure.
namespace mizzen::controllers::endpoints {

using api::core::v1::Endpoints;
using api::core::v1::Service;
using api::discovery::v1::EndpointSlice;

/// Addresses in one slice, as upstream; and in one Endpoints object, beyond which it is marked as cut.
inline constexpr size_t kSliceMax = 100;
inline constexpr size_t kEndpointsMax = 1000;

/// The Endpoints a service should have. `present` gives name, labels and resourceVersion; may be empty.
Endpoints desired_endpoints(const Service& service, const std::vector<PodPtr>& pods,
                            const Endpoints& present);

/// Slices that a service should have: `keep` are written where they differ from what is there, `remove` go.
struct SlicePlan {
  std::vector<EndpointSlice> create, update, remove;
};
SlicePlan plan_slices(const Service& service, const std::vector<PodPtr>& pods,
                      const std::vector<EndpointSlice>& present);

}  // namespace mizzen::controllers::endpoints
