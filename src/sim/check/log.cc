#include "sim/check/log.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/builtin.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "apiserver/entry/stored.h"

namespace mizzen::sim {
namespace {

constexpr const char* kPods = "/registry/pods/";
constexpr const char* kServices = "/registry/services/specs/";
constexpr const char* kLeases = "/registry/leases/kube-system/";

/// "/registry/services/specs/" of "/registry/services/specs/default/web": all but namespace and name.
std::vector<std::string> prefixes_of(const std::string& key) {
  std::vector<std::string> out;
  for (size_t slash = key.find('/', 1); slash != std::string::npos; slash = key.find('/', slash + 1))
    out.push_back(key.substr(0, slash + 1));
  return out;
}

}  // namespace

void StoreLog::follow(store::Store& store) {
  const auto stands = store.current_revision(Deadline::never());
  begins_at_ = stands.ok() ? stands->get() : 0;
  if (begins_at_ < newest())
    fault_ = fmt::format("the store opened at revision {}; watches were told {}", begins_at_, newest());
  store::WatchRequest request;
  request.range = store::KeyRange::prefix("/");
  request.from = store::Revision(newest() + 1);
  watch_ = store.watch(request, [this](const store::WatchMessage& message) {
    if (message.end) fault_ = "the log ends: " + message.end->message();
    for (const store::Event* event : message.events) add(*event);
  });
}

void StoreLog::add(const store::Event& event) {
  const int64_t revision = event.kv.mod_revision.get();
  const bool deleted = event.type == store::Event::Type::Delete;
  if (!changes_.empty() && revision < changes_.back().revision)
    fault_ = fmt::format("revision {} after {}", revision, changes_.back().revision);
  if (deleted && !there_.contains(event.kv.key))
    fault_ = fmt::format("{} is deleted at {} and was not there", event.kv.key, revision);
  if (event.is_create() && there_.contains(event.kv.key))
    fault_ = fmt::format("{} is created at {} and was there", event.kv.key, revision);
  changes_.push_back({revision, event.kv.key, deleted});
  by_key_[event.kv.key].push_back(changes_.back());
  for (const std::string& prefix : prefixes_of(event.kv.key)) by_prefix_[prefix].push_back(revision);
  if (deleted) {
    there_.erase(event.kv.key);
    hold(event.kv.key, {});
  } else {
    there_.insert(event.kv.key);
    if (event.kv.key.starts_with(kPods)) look_at_pod(event);
    if (event.kv.key.starts_with(kServices)) look_at_service(event);
    if (event.kv.key.starts_with(kLeases)) look_at_lease(event);
  }
}

template <typename T>
std::shared_ptr<const T> StoreLog::written(const store::Event& event) {
  const auto object =
      apiserver::decode_stored(api::resource_of<T>(), *event.kv.value, event.kv.mod_revision.get());
  if (object.ok()) return object->template share<T>();
  fault_ = fmt::format("{} cannot be read: {}", event.kv.key, object.error().message());
  return nullptr;
}

void StoreLog::look_at_lease(const store::Event& event) {
  if (const auto lease = written<api::coordination::v1::Lease>(event))
    holders_[event.kv.key] = lease->spec.holderIdentity.value_or("");
}

const std::string& StoreLog::holder(const std::string& lease) const {
  static const std::string nobody;
  const auto found = holders_.find(kLeases + lease);
  return found == holders_.end() ? nobody : found->second;
}

void StoreLog::look_at_pod(const store::Event& event) {
  const auto found = written<api::core::v1::Pod>(event);
  if (!found) return;
  const auto& pod = *found;
  PodSeen& seen = pods_[pod.metadata.uid];
  if (!seen.node.empty() && seen.node != pod.spec.nodeName)
    fault_ = fmt::format("{} moved from {} to {}", event.kv.key, seen.node, pod.spec.nodeName);
  const bool ended = pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
  if (seen.ended && !ended) fault_ = event.kv.key + " came back from its end";
  seen = {pod.spec.nodeName, ended};
  std::vector<std::string> addresses;
  if (!ended && !pod.status.podIP.empty()) addresses.push_back("pod address " + pod.status.podIP);
  hold(event.kv.key, addresses);
}

void StoreLog::look_at_service(const store::Event& event) {
  const auto found = written<api::core::v1::Service>(event);
  if (!found) return;
  std::vector<std::string> what;
  for (const std::string& ip : found->spec.clusterIPs)
    if (!ip.empty() && ip != "None") what.push_back("address " + ip);
  for (const auto& port : found->spec.ports)
    if (port.nodePort != 0) what.push_back(fmt::format("node port {} {}", port.nodePort, port.protocol));
  hold(event.kv.key, what);
}

void StoreLog::hold(const std::string& key, const std::vector<std::string>& what) {
  for (const std::string& each : held_by_[key]) holds_.erase(each);
  held_by_[key].clear();
  for (const std::string& each : what) {
    const auto [at, mine] = holds_.try_emplace(each, key);
    if (!mine) {
      fault_ = fmt::format("{} and {} both have the {}", at->second, key, each);
      continue;
    }
    held_by_[key].push_back(each);
  }
}

const StoreLog::Change* StoreLog::last_change(const std::string& key, int64_t revision) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto next = std::upper_bound(found->second.begin(), found->second.end(), revision,
                                     [](int64_t r, const Change& c) { return r < c.revision; });
  return next == found->second.begin() ? nullptr : &*std::prev(next);
}

bool StoreLog::deleted_after(const std::string& key, int64_t revision) const {
  const auto found = by_key_.find(key);
  return found != by_key_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const Change& c) { return c.deleted && c.revision > revision; });
}

std::map<std::string, int64_t> StoreLog::content(const std::string& prefix, int64_t revision) const {
  std::map<std::string, int64_t> out;
  for (auto at = by_key_.lower_bound(prefix); at != by_key_.end() && at->first.starts_with(prefix); ++at) {
    const Change* const last = last_change(at->first, revision);
    if (last && !last->deleted) out.emplace(at->first, last->revision);
  }
  return out;
}

int64_t StoreLog::next_change(const std::string& prefix, int64_t revision) const {
  const auto found = by_prefix_.find(prefix);
  if (found == by_prefix_.end()) return 0;
  const auto next = std::upper_bound(found->second.begin(), found->second.end(), revision);
  return next == found->second.end() ? 0 : *next;
}

bool StoreLog::has(const std::string& key, int64_t revision) const {
  auto at = std::lower_bound(changes_.begin(), changes_.end(), revision,
                             [](const Change& c, int64_t r) { return c.revision < r; });
  for (; at != changes_.end() && at->revision == revision; ++at)
    if (at->key == key) return true;
  return false;
}

}  // namespace mizzen::sim
