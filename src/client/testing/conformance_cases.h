#pragma once
#include "client/testing/conformance.h"

namespace mizzen::client::testing {

std::span<const ConformanceCase> object_cases();
std::span<const ConformanceCase> watch_cases();

}  // namespace mizzen::client::testing
