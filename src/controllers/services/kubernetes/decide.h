#pragma once
#include <optional>
#include <string>

#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "controllers/framework/environment.h"

/// How the API is found from within the cluster: Service, Endpoints and EndpointSlice `kubernetes` in
/// `default`; pure.
namespace mizzen::controllers::kubernetes_service {

using api::core::v1::Endpoints;
using api::core::v1::Service;
using api::discovery::v1::EndpointSlice;

/// The Service as it is made where there is none; one that is there is left as its users have it, as upstream
/// does.
Service wanted_service(const ApiAddress& at);
/// What is there with the API's address and port in it; nothing where it is right.
std::optional<Endpoints> corrected(const Endpoints& present, const ApiAddress& at);
std::optional<EndpointSlice> corrected(const EndpointSlice& present, const ApiAddress& at);

}  // namespace mizzen::controllers::kubernetes_service
