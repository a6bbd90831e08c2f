#pragma once
#include <string>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"

/// Small objects for the suite.
namespace mizzen::client::testing {

inline api::core::v1::ConfigMap config(const std::string& ns, const std::string& name,
                                       const std::string& value = "v") {
  api::core::v1::ConfigMap out;
  out.metadata.namespace_ = ns;
  out.metadata.name = name;
  out.metadata.labels.set("value", value);
  out.data.set("key", value);
  return out;
}

inline api::core::v1::Pod pod(const std::string& ns, const std::string& name) {
  api::core::v1::Pod out;
  out.metadata.namespace_ = ns;
  out.metadata.name = name;
  auto& container = out.spec.containers.emplace_back();
  container.name = "a";
  container.image = "busybox";
  return out;
}

inline api::apps::v1::Deployment deployment(const std::string& ns, const std::string& name) {
  api::apps::v1::Deployment out;
  out.metadata.namespace_ = ns;
  out.metadata.name = name;
  out.spec.replicas = 1;
  out.spec.selector.ensure().matchLabels.set("app", name);
  out.spec.template_.metadata.labels.set("app", name);
  out.spec.template_.spec.containers = pod(ns, name).spec.containers;
  return out;
}

}  // namespace mizzen::client::testing
