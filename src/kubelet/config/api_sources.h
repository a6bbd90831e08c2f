#pragma once
#include <memory>
#include <string>

#include "client/api/api_client.h"
#include "client/events/event_recorder.h"
#include "kubelet/state/events.h"
#include "volumes/payload.h"

namespace mizzen::kubelet {

/// Config maps and secrets read from the API when a pod needs them; the texts of absent ones are upstream's.
/// Threading: thread-safe; blocks.
class ApiObjects final : public volumes::ObjectSource {
 public:
  explicit ApiObjects(client::ApiClient& api) : api_(api) {}
  Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string& namespace_,
                                                                     const std::string& name) override;
  Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string& namespace_,
                                                              const std::string& name) override;

 private:
  client::ApiClient& api_;
};

/// The node's events, written by the client's recorder.
class ApiEvents final : public Events {
 public:
  ApiEvents(client::EventRecorder& recorder, std::string node_name)
      : recorder_(recorder), node_name_(std::move(node_name)) {}
  void pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                 const std::string& message) override;
  void node_event(bool warning, std::string_view reason, const std::string& message) override;

 private:
  client::EventRecorder& recorder_;
  const std::string node_name_;
};

}  // namespace mizzen::kubelet
