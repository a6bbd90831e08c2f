#include "controllers/framework/environment.h"

#include <algorithm>

#include "base/check.h"
#include "controllers/framework/by_label.h"

namespace mizzen::controllers {

using api::core::v1::Pod;

Environment::Informed& Environment::informed(const api::ResourceInfo& resource, bool asked_for) {
  Informed& slot = informers_[resource.qualified()];
  if (!slot.informer) {
    slot.resource = resource.share();
    slot.asked_for = asked_for;
    slot.informer = std::make_shared<client::Informer>(
        resource, client::Informer::Deps{deps_.api, deps_.runtime}, client::Informer::Options{{}, asked_for});
  }
  MZ_CHECK(slot.resource.get() == &resource, "two resources are called {}", resource.qualified());
  return slot;
}

client::Informer& Environment::informer(const api::ResourceInfo& resource) {
  Informed& slot = informed(resource, true);
  MZ_CHECK(slot.asked_for, "{} are asked for after the start", resource.plural);
  return *slot.informer;
}

std::unique_ptr<client::Informer> Environment::own_informer(const api::ResourceInfo& resource,
                                                            client::ListOptions scope) {
  return std::make_unique<client::Informer>(resource, client::Informer::Deps{deps_.api, deps_.runtime},
                                            client::Informer::Options{std::move(scope), true});
}

client::Informer& Environment::pods_by_node() {
  client::Informer& pods = informer<Pod>();
  if (!std::exchange(pods_by_node_, true))
    pods.add_index(kByNode, [](const client::Seen& o) -> std::vector<std::string> {
      const std::string& node = o.as<Pod>()->spec.nodeName;
      return node.empty() ? std::vector<std::string>() : std::vector<std::string>{node};
    });
  return pods;
}

client::Informer& Environment::pods_by_label() {
  client::Informer& pods = informer<Pod>();
  if (!std::exchange(pods_by_label_, true)) pods.add_index(kByLabel, label_values);
  return pods;
}

client::Informer& Environment::by_owner(const api::ResourceInfo& resource) {
  client::Informer& informed = informer(resource);
  if (owner_indexed_.insert(resource.qualified()).second)
    informed.add_index(kByOwner, [](const client::Seen& o) -> std::vector<std::string> {
      const auto* owner = machinery::controller_of(o.meta());
      return {owner ? owner->uid : orphans_of(o.meta().namespace_)};
    });
  return informed;
}

std::vector<client::Seen> owned_or_orphaned(const client::Informer& informer, const std::string& owner_uid,
                                            const std::string& ns) {
  std::vector<client::Seen> out = informer.by_index(Environment::kByOwner, owner_uid);
  for (client::Seen& orphan : informer.by_index(Environment::kByOwner, Environment::orphans_of(ns)))
    out.push_back(std::move(orphan));
  return out;
}

bool Environment::start(Deadline deadline) {
  std::vector<std::shared_ptr<client::Informer>> first;
  seen_ = std::make_shared<const api::Registry>();
  following_ = deps_.resources.follow([this, &first, at_start = true](const api::RegistryPtr& now) mutable {
    on_registry(now);
    if (!std::exchange(at_start, false)) return;
    for (const auto& [name, slot] : informers_) first.push_back(slot.informer);
  });
  return std::all_of(first.begin(), first.end(),
                     [&](const auto& informer) { return informer->wait_synced(deadline); });
}

void Environment::on_registry(const api::RegistryPtr& now) {
  const api::RegistryChange change = api::difference(*seen_, *now);
  seen_ = now;
  for (const api::ResourcePtr& r : change.removed) {
    const auto it = informers_.find(r->qualified());
    if (it == informers_.end()) continue;
    it->second.informer->stop();
    if (it->second.asked_for) retired_.push_back(std::move(it->second.informer));
    informers_.erase(it);
    for (const ResourceHandler& h : resource_handlers_) h.on_remove(*r);
  }
  for (const api::ResourcePtr& r : change.added) {
    if (!r->stored() || resource_handlers_.empty()) continue;
    client::Informer& informer = *informed(*r, false).informer;
    for (const ResourceHandler& h : resource_handlers_) h.on_add(*r, informer);
  }
  for (auto& [name, slot] : informers_)
    if (!std::exchange(slot.started, true)) slot.informer->start();
}

void Environment::stop() {
  following_.reset();
  for (const auto& [name, slot] : informers_) slot.informer->stop();
}

std::unique_ptr<client::EventRecorder> Environment::recorder(const std::string& component) {
  return std::make_unique<client::EventRecorder>(client::EventRecorder::Deps{deps_.api, deps_.runtime},
                                                 client::EventRecorder::Options{component, ""});
}

}  // namespace mizzen::controllers
