#pragma once
#include "api/schema/apps/v1/deployment.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Rules on `spec.strategy`: how pods are replaced, and how many at a time.
void check_deployment_strategy(const apps::v1::DeploymentStrategy& strategy, const machinery::Path& at,
                               machinery::FieldErrors& errors);

}  // namespace mizzen::api
