#pragma once
#include <string>

#include "client/events/event_recorder.h"
#include "kubelet/state/events.h"

namespace mizzen::kubelet {

/// The node's events, written by the client's recorder; without one they are lines of the log.
class ApiEvents final : public Events {
 public:
  ApiEvents(client::EventRecorder* recorder, std::string node_name)
      : recorder_(recorder), node_name_(std::move(node_name)) {}
  void pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                 const std::string& message) override;
  void node_event(bool warning, std::string_view reason, const std::string& message) override;

 private:
  client::EventRecorder* const recorder_;
  const std::string node_name_;
};

}  // namespace mizzen::kubelet
