#include "kubelet/config/api_sources.h"

#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;

void tell(const std::string& about, bool warning, std::string_view reason, const std::string& message) {
  const auto line = warning ? &log::warn : &log::info;
  line("kubelet", "Event occurred",
       {log::kv("object", about), log::kv("reason", reason), log::kv("message", message)});
}

}  // namespace

void ApiEvents::pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                          const std::string& message) {
  if (!recorder_) return tell(pod_text(pod), warning, reason, message);
  v1::ObjectReference about;
  about.kind = "Pod";
  about.apiVersion = "v1";
  about.namespace_ = pod.metadata.namespace_;
  about.name = pod.metadata.name;
  about.uid = pod.metadata.uid;
  about.resourceVersion = pod.metadata.resourceVersion;
  if (!container.empty()) about.fieldPath = container_field_path(pod, container);
  recorder_->event(about, warning ? "Warning" : "Normal", reason, message);
}

void ApiEvents::node_event(bool warning, std::string_view reason, const std::string& message) {
  if (!recorder_) return tell(node_name_, warning, reason, message);
  v1::ObjectReference about;
  about.kind = "Node";
  about.name = node_name_;
  about.uid = node_name_;
  recorder_->event(about, warning ? "Warning" : "Normal", reason, message);
}

}  // namespace mizzen::kubelet
