#include "kubelet/config/object_watches.h"

#include <fmt/format.h>

#include <vector>

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using Kind = ObjectReference::Kind;

}  // namespace

ObjectWatches::ObjectWatches(Deps deps)
    : deps_(std::move(deps)),
      config_maps_(client::require_resource<v1::ConfigMap>(deps_.api)),
      secrets_(client::require_resource<v1::Secret>(deps_.api)) {}

std::shared_ptr<client::Informer> ObjectWatches::open(const Key& key) {
  client::Informer::Options options;
  options.scope.namespace_ = key.namespace_;
  options.scope.field_selector = "metadata.name=" + key.reference.name;
  const auto& resource = key.reference.kind == Kind::Secret ? secrets_ : config_maps_;
  auto informer = std::make_shared<client::Informer>(
      *resource, client::Informer::Deps{deps_.api, deps_.runtime}, options);
  client::InformerHandler handler;
  handler.on_add = [this, key](const auto&) { changed(key); };
  handler.on_update = [this, key](const auto&, const auto&) { changed(key); };
  informer->add_handler(std::move(handler));
  informer->start();
  return informer;
}

void ObjectWatches::changed(const Key& key) {
  std::set<std::string> pods;
  {
    Lock lock(m_);
    const auto found = watched_.find(key);
    if (found != watched_.end()) pods = found->second.pods;
  }
  for (const auto& uid : pods) deps_.on_change(uid);
}

void ObjectWatches::watch(const Pod& pod) {
  std::set<Key> wanted;
  for (const auto& reference : object_references(pod)) wanted.insert({pod.metadata.namespace_, reference});
  std::vector<std::shared_ptr<client::Informer>> over;
  {
    Lock lock(m_);
    if (stopped_) return;
    std::set<Key>& had = of_pod_[pod.metadata.uid];
    for (const auto& key : wanted) {
      Watched& w = watched_[key];
      if (!w.informer) w.informer = open(key);
      w.pods.insert(pod.metadata.uid);
    }
    for (const auto& key : had) {
      if (wanted.contains(key)) continue;
      Watched& w = watched_.at(key);
      w.pods.erase(pod.metadata.uid);
      if (!w.pods.empty()) continue;
      over.push_back(std::move(w.informer));
      watched_.erase(key);
    }
    had = std::move(wanted);
    if (had.empty()) of_pod_.erase(pod.metadata.uid);
  }
  for (const auto& informer : over) informer->stop();
}

void ObjectWatches::forget(const std::string& uid) {
  Pod nothing;
  nothing.metadata.uid = uid;
  watch(nothing);
}

bool ObjectWatches::ready(const std::string& uid) const {
  Lock lock(m_);
  const auto found = of_pod_.find(uid);
  if (found == of_pod_.end()) return true;
  for (const auto& key : found->second)
    if (!watched_.at(key).informer->synced()) return false;
  return true;
}

size_t ObjectWatches::size() const {
  Lock lock(m_);
  return watched_.size();
}

void ObjectWatches::stop() {
  std::map<Key, Watched> all;
  {
    Lock lock(m_);
    stopped_ = true;
    all.swap(watched_);
    of_pod_.clear();
  }
  for (const auto& [key, w] : all) w.informer->stop();
}

std::shared_ptr<client::Informer> ObjectWatches::find(const Key& key) const {
  Lock lock(m_);
  const auto found = watched_.find(key);
  return found == watched_.end() ? nullptr : found->second.informer;
}

template <typename T>
Result<std::shared_ptr<const T>> ObjectWatches::get(const Key& key, const char* kind) {
  const auto informer = find(key);
  if (!informer || !informer->synced())
    return Error(Code::ServerTimeout,
                 fmt::format("failed to sync {} cache: timed out waiting for the condition", kind));
  auto object = informer->get_as<T>(key.namespace_, key.reference.name);
  if (object) return object;
  return Error(Code::NotFound, fmt::format("{} \"{}\" not found in namespace \"{}\"", kind,
                                           key.reference.name, key.namespace_));
}

Result<std::shared_ptr<const v1::ConfigMap>> ObjectWatches::config_map(const std::string& ns,
                                                                       const std::string& name) {
  return get<v1::ConfigMap>({ns, {Kind::ConfigMap, name}}, "configmap");
}

Result<std::shared_ptr<const v1::Secret>> ObjectWatches::secret(const std::string& ns,
                                                                const std::string& name) {
  return get<v1::Secret>({ns, {Kind::Secret, name}}, "secret");
}

}  // namespace mizzen::kubelet
