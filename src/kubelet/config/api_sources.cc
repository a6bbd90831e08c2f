#include "kubelet/config/api_sources.h"

#include <fmt/format.h>

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;

client::Call new_call() { return {.timeout = std::chrono::seconds(30)}; }

}  // namespace

Result<std::shared_ptr<const v1::ConfigMap>> ApiObjects::config_map(const std::string& ns,
                                                                    const std::string& name) {
  auto found = client::get<v1::ConfigMap>(api_, ns, name, new_call());
  if (!found.ok() && found.error().code() == Code::NotFound)
    return Error(Code::NotFound, fmt::format("configmap \"{}\" not found in namespace \"{}\"", name, ns));
  return found;
}

Result<std::shared_ptr<const v1::Secret>> ApiObjects::secret(const std::string& ns, const std::string& name) {
  auto found = client::get<v1::Secret>(api_, ns, name, new_call());
  if (!found.ok() && found.error().code() == Code::NotFound)
    return Error(Code::NotFound, fmt::format("secret \"{}\" not found in namespace \"{}\"", name, ns));
  return found;
}

void ApiEvents::pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                          const std::string& message) {
  v1::ObjectReference about;
  about.kind = "Pod";
  about.apiVersion = "v1";
  about.namespace_ = pod.metadata.namespace_;
  about.name = pod.metadata.name;
  about.uid = pod.metadata.uid;
  about.resourceVersion = pod.metadata.resourceVersion;
  if (!container.empty()) about.fieldPath = container_field_path(pod, container);
  recorder_.event(about, warning ? "Warning" : "Normal", reason, message);
}

void ApiEvents::node_event(bool warning, std::string_view reason, const std::string& message) {
  v1::ObjectReference about;
  about.kind = "Node";
  about.name = node_name_;
  about.uid = node_name_;
  recorder_.event(about, warning ? "Warning" : "Normal", reason, message);
}

}  // namespace mizzen::kubelet
