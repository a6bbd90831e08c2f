#pragma once
#include <memory>
#include <string>

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"

/// Objects for tests of the scheduler.
namespace mizzen::scheduler::testing {

/// A node of four CPUs and 8 GiB, with `json` laid over it.
std::shared_ptr<const api::core::v1::Node> make_node(const std::string& name, const std::string& json);
/// A pod in the namespace default; `json` is its spec.
std::shared_ptr<const api::core::v1::Pod> make_pod(const std::string& name, const std::string& json);

}  // namespace mizzen::scheduler::testing
