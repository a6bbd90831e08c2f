#include "kubelet/runtime/runtime_cache.h"

#include <algorithm>
#include <atomic>

#include "telemetry/log.h"

namespace mizzen::kubelet {

/// One list on its way: all pods', or one pod's.
struct RuntimeCache::Listing {
  std::optional<PodName> only;
  Done done;
  uint64_t look = 0;
  std::atomic<int> open = 2;  ///< answers that have not come
  Mutex m;
  Result<cri::v1::ListPodSandboxResponse> sandboxes MZ_GUARDED_BY(m) = Error(Code::Unknown, "");
  Result<cri::v1::ListContainersResponse> containers MZ_GUARDED_BY(m) = Error(Code::Unknown, "");
  Result<void> first_error MZ_GUARDED_BY(m);
};

namespace {

RuntimeCache::PodName name_in(const codec::Map<std::string>& labels) {
  return {labels.get(cri::kPodUidLabel), labels.get(cri::kPodNamespaceLabel), labels.get(cri::kPodNameLabel)};
}

bool is_gone(const Error& error) { return error.code() == Code::NotFound; }

}  // namespace

cri::Call RuntimeCache::call() const {
  return {.deadline = Deadline::after(kRuntimeTimeout, deps_.clock), .stop = stop_.token()};
}

uint64_t RuntimeCache::next_look() {
  Lock lock(m_);
  return ++looks_;
}

bool RuntimeCache::is_ready() const {
  Lock lock(m_);
  return ready_;
}

Monotonic RuntimeCache::listed_at() const {
  Lock lock(m_);
  return listed_at_;
}

void RuntimeCache::relist() {
  {
    Lock lock(m_);
    if (listing_) return;
    listing_ = true;
  }
  begin_list(std::make_shared<Listing>());
}

void RuntimeCache::look_at_pod(const PodName& pod, Done done) {
  auto listing = std::make_shared<Listing>();
  listing->only = pod;
  listing->done = std::move(done);
  begin_list(listing);
}

void RuntimeCache::begin_list(const std::shared_ptr<Listing>& listing) {
  const auto token = gate_.enter();
  if (!token) return;
  listing->look = next_look();
  cri::v1::ListPodSandboxRequest sandboxes;
  cri::v1::ListContainersRequest containers;
  if (listing->only) {
    sandboxes.filter.ensure().label_selector.set(cri::kPodUidLabel, listing->only->uid);
    containers.filter.ensure().label_selector.set(cri::kPodUidLabel, listing->only->uid);
  }
  const auto arrived = [this, token, listing] {
    if (--listing->open == 0) listed(listing);
  };
  deps_.runtime.list_pod_sandbox(sandboxes, call(), [listing, arrived](auto answer) {
    {
      Lock lock(listing->m);
      listing->sandboxes = std::move(answer);
    }
    arrived();
  });
  deps_.runtime.list_containers(containers, call(), [listing, arrived](auto answer) {
    {
      Lock lock(listing->m);
      listing->containers = std::move(answer);
    }
    arrived();
  });
}

void RuntimeCache::listed(const std::shared_ptr<Listing>& listing) {
  std::vector<cri::v1::PodSandbox> sandboxes;
  std::vector<cri::v1::Container> containers;
  bool whole = false;
  {
    Lock lock(listing->m);
    for (const Error* error : {listing->sandboxes.ok() ? nullptr : &listing->sandboxes.error(),
                               listing->containers.ok() ? nullptr : &listing->containers.error()})
      if (error && listing->first_error.ok()) listing->first_error = *error;
    whole = listing->first_error.ok();
    if (whole) {
      sandboxes = std::move(listing->sandboxes->items);
      containers = std::move(listing->containers->containers);
    }
  }
  std::set<std::string> there, changed;
  struct Look {
    std::string id, sandbox_id;
    PodName pod;
  };
  std::vector<Look> sandbox_looks, container_looks;
  {
    Lock lock(m_);
    for (const auto& s : sandboxes) {
      const PodName pod = name_in(s.labels);
      if (pod.uid.empty()) continue;  // not a pod's
      there.insert(s.id);
      const auto found = pods_.find(pod.uid);
      const auto seen = found == pods_.end() ? nullptr : &found->second.sandboxes;
      const bool ready = s.state == cri::v1::PodSandboxState::SANDBOX_READY;
      if (!seen || !seen->contains(s.id) || seen->at(s.id).record.ready != ready)
        sandbox_looks.push_back({s.id, "", pod});
    }
    for (const auto& c : containers) {
      const PodName pod = name_in(c.labels);
      if (pod.uid.empty()) continue;
      there.insert(c.id);
      const auto found = pods_.find(pod.uid);
      const auto seen = found == pods_.end() ? nullptr : &found->second.containers;
      if (!seen || !seen->contains(c.id) || seen->at(c.id).record.state != container_state(c.state))
        container_looks.push_back({c.id, c.pod_sandbox_id, pod});
    }
    if (whole) {
      std::vector<std::string> absent;
      for (const auto& [id, uid] : owner_)
        if (!there.contains(id) && (!listing->only || listing->only->uid == uid)) absent.push_back(id);
      for (const auto& id : absent)
        if (auto uid = drop(id, listing->look); !uid.empty()) changed.insert(std::move(uid));
      if (!listing->only) std::erase_if(forgotten_, [&](const auto& f) { return f.second < listing->look; });
    }
  }
  for (const auto& uid : changed) deps_.on_change(uid);
  listing->open = static_cast<int>(sandbox_looks.size() + container_looks.size()) + 1;
  const auto done = [this, listing, token = gate_.enter()](const Result<void>& one) {
    if (!one.ok()) {
      Lock lock(listing->m);
      if (listing->first_error.ok()) listing->first_error = one;
    }
    if (--listing->open == 0) finished(listing);
  };
  for (auto& look : sandbox_looks) look_at_sandbox(look.id, look.pod, done);
  for (auto& look : container_looks) look_at_container(look.id, look.sandbox_id, look.pod, done);
  done({});
}

void RuntimeCache::finished(const std::shared_ptr<Listing>& listing) {
  Result<void> result;
  {
    Lock lock(listing->m);
    result = listing->first_error;
  }
  bool first = false;
  if (!listing->only) {
    Lock lock(m_);
    listing_ = false;
    if (result.ok()) {
      first = !ready_;
      ready_ = true;
      listed_at_ = deps_.clock.monotonic();
    }
  }
  if (!result.ok())
    log::verbose(2, "kubelet", "Cannot read the runtime's pods",
                 {log::kv("error", result.error().message())});
  if (first && deps_.on_ready) deps_.on_ready();
  if (listing->done) listing->done(result);
}

template <typename Record>
void RuntimeCache::take(const PodName& pod, const std::string& id, uint64_t look,
                        Records<Record> Pod::* among, Result<std::optional<Record>> answer,
                        const Done& done) {
  bool changed = false;
  {
    Lock lock(m_);
    const auto forgotten = forgotten_.find(id);
    const bool removed = forgotten != forgotten_.end() && forgotten->second > look;
    if (!answer.ok()) {
      changed = is_gone(answer.error()) && !drop(id, look).empty();
    } else if (!removed && *answer) {
      auto& seen = (slot(pod).*among)[id];
      if (seen.look <= look) {
        changed = seen.record != **answer;
        seen = {std::move(**answer), look};
      }
      owner_[id] = pod.uid;
    }
  }
  if (changed) deps_.on_change(pod.uid);
  if (done) done(answer.ok() || is_gone(answer.error()) ? Result<void>() : answer.error());
}

void RuntimeCache::look_at_sandbox(const std::string& id, const PodName& pod, Done done) {
  const auto token = gate_.enter();
  if (!token) return;
  cri::v1::PodSandboxStatusRequest request;
  request.pod_sandbox_id = id;
  const uint64_t look = next_look();
  deps_.runtime.pod_sandbox_status(
      request, call(), [this, token, id, pod, look, done = std::move(done)](const auto& answer) {
        Result<std::optional<SandboxRecord>> seen = std::optional<SandboxRecord>();
        if (!answer.ok()) seen = answer.error();
        if (answer.ok() && answer->status) seen = std::optional(sandbox_record(*answer->status));
        take(pod, id, look, &Pod::sandboxes, std::move(seen), done);
      });
}

void RuntimeCache::look_at_container(const std::string& id, const std::string& sandbox_id, const PodName& pod,
                                     Done done) {
  const auto token = gate_.enter();
  if (!token) return;
  cri::v1::ContainerStatusRequest request;
  request.container_id = id;
  const uint64_t look = next_look();
  deps_.runtime.container_status(
      request, call(), [this, token, id, sandbox_id, pod, look, done = std::move(done)](const auto& answer) {
        Result<std::optional<ContainerRecord>> seen = std::optional<ContainerRecord>();
        if (!answer.ok()) seen = answer.error();
        if (answer.ok() && answer->status)
          seen = std::optional(container_record(*answer->status, sandbox_id));
        take(pod, id, look, &Pod::containers, std::move(seen), done);
      });
}

void RuntimeCache::hint(const std::string& id, bool runs) {
  PodName pod;
  std::string sandbox_id;
  bool is_sandbox = false, news = false;
  {
    Lock lock(m_);
    const auto owner = owner_.find(id);
    if (owner != owner_.end()) {
      const Pod& p = pods_.at(owner->second);
      pod = p.name;
      is_sandbox = p.sandboxes.contains(id);
      if (is_sandbox) {
        news = p.sandboxes.at(id).record.ready != runs;
      } else {
        const ContainerRecord& record = p.containers.at(id).record;
        sandbox_id = record.sandbox_id;
        news = (record.state == ContainerRecord::State::Running) != runs;
      }
    }
  }
  if (!news) return;  // what makes it looks at it; what nobody here made waits for the next list
  if (is_sandbox) {
    look_at_sandbox(id, pod, nullptr);
  } else {
    look_at_container(id, sandbox_id, pod, nullptr);
  }
}

RuntimeCache::Pod& RuntimeCache::slot(const PodName& name) {
  Pod& pod = pods_[name.uid];
  pod.name.uid = name.uid;
  if (!name.namespace_.empty()) pod.name.namespace_ = name.namespace_;
  if (!name.name.empty()) pod.name.name = name.name;
  return pod;
}

std::string RuntimeCache::drop(const std::string& id, uint64_t look) {
  const auto owner = owner_.find(id);
  if (owner == owner_.end()) return {};
  const std::string uid = owner->second;
  Pod& pod = pods_.at(uid);
  if (const auto s = pod.sandboxes.find(id); s != pod.sandboxes.end()) {
    if (s->second.look > look) return {};
    pod.sandboxes.erase(s);
  } else if (const auto c = pod.containers.find(id); c != pod.containers.end()) {
    if (c->second.look > look) return {};
    pod.containers.erase(c);
  }
  owner_.erase(owner);
  if (pod.sandboxes.empty() && pod.containers.empty()) pods_.erase(uid);
  return uid;
}

void RuntimeCache::forget(const std::string& id) {
  Lock lock(m_);
  const uint64_t look = ++looks_;
  forgotten_[id] = look;
  drop(id, look);
}

RuntimePod RuntimeCache::pod(const std::string& uid) const {
  RuntimePod out;
  out.uid = uid;
  {
    Lock lock(m_);
    const auto found = pods_.find(uid);
    if (found == pods_.end()) return out;
    out.name = found->second.name.name;
    out.namespace_ = found->second.name.namespace_;
    for (const auto& [id, seen] : found->second.sandboxes) out.sandboxes.push_back(seen.record);
    for (const auto& [id, seen] : found->second.containers) out.containers.push_back(seen.record);
  }
  sort_newest_first(out);
  return out;
}

bool RuntimeCache::knows(const std::string& uid) const {
  Lock lock(m_);
  return pods_.contains(uid);
}

bool RuntimeCache::is_running(const std::string& id) const {
  Lock lock(m_);
  const auto owner = owner_.find(id);
  if (owner == owner_.end()) return false;
  const auto& containers = pods_.at(owner->second).containers;
  const auto found = containers.find(id);
  return found != containers.end() && found->second.record.state == ContainerRecord::State::Running;
}

std::vector<RuntimeCache::PodName> RuntimeCache::pods() const {
  std::vector<PodName> out;
  Lock lock(m_);
  for (const auto& [uid, pod] : pods_) out.push_back(pod.name);
  return out;
}

void RuntimeCache::stop() {
  stop_.stop();
  gate_.close();
}

}  // namespace mizzen::kubelet
