#include "controllers/framework/environment.h"

#include "api/schema/core/v1/pod.h"

namespace mizzen::controllers {

client::Informer& Environment::informer(const api::ResourceInfo& resource) {
  auto& slot = informers_[&resource];
  if (!slot)
    slot = std::make_unique<client::Informer>(
        resource, client::Informer::Deps{deps_.api, deps_.executor, deps_.timers, deps_.random});
  return *slot;
}

client::Informer& Environment::pods_by_node() {
  using api::core::v1::Pod;
  client::Informer& pods = informer<Pod>();
  if (!std::exchange(pods_indexed_, true))
    pods.add_index(kByNode, [](const client::Object& o) -> std::vector<std::string> {
      const std::string& node = o.as<Pod>()->spec.nodeName;
      return node.empty() ? std::vector<std::string>() : std::vector<std::string>{node};
    });
  return pods;
}

bool Environment::start(Deadline deadline) {
  for (const auto& [resource, informer] : informers_) informer->start();
  for (const auto& [resource, informer] : informers_)
    if (!informer->wait_synced(deadline)) return false;
  return true;
}

void Environment::stop() {
  for (const auto& [resource, informer] : informers_) informer->stop();
}

std::unique_ptr<client::EventRecorder> Environment::recorder(const std::string& component) {
  return std::make_unique<client::EventRecorder>(
      client::EventRecorder::Deps{deps_.api, deps_.executor, deps_.clock, deps_.random},
      client::EventRecorder::Options{component, ""});
}

}  // namespace mizzen::controllers
