#include "kubelet/sources/mirror_pods.h"

#include <vector>

#include "api/schema/core/v1/node.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr auto kCallTimeout = std::chrono::seconds(30);
client::Call new_call() { return {.timeout = kCallTimeout}; }

std::string annotation(const Pod& pod, const char* name) {
  const auto* found = pod.metadata.annotations.find(name);
  return found ? *found : std::string();
}

}  // namespace

MirrorAction mirror_action(const MirrorState& state) {
  if (!state.mirror) return state.pod ? MirrorAction::Create : MirrorAction::None;
  if (!state.pod || state.mirror->metadata.deletionTimestamp) return MirrorAction::Delete;
  const bool shows_it =
      annotation(*state.mirror, kMirrorAnnotation) == annotation(*state.pod, kManifestHashAnnotation);
  return shows_it ? MirrorAction::None : MirrorAction::Delete;
}

Pod mirror_of(const Pod& pod, const std::string& node_name, const std::string& node_uid) {
  Pod out = pod;
  out.metadata.uid.clear();
  out.metadata.annotations.set(kMirrorAnnotation, annotation(pod, kManifestHashAnnotation));
  out.metadata.ownerReferences.clear();
  auto& owner = out.metadata.ownerReferences.emplace_back();
  owner.apiVersion = "v1";
  owner.kind = "Node";
  owner.name = node_name;
  owner.uid = node_uid;
  owner.controller = true;
  return out;
}

void MirrorPods::update(const std::shared_ptr<const Pod>& of,
                        const std::function<void(MirrorState&)>& change) {
  MirrorState now;
  {
    Lock lock(m_);
    const Key key = of->metadata.namespace_ + "/" + of->metadata.name;
    MirrorState& state = states_[key];
    change(state);
    now = state;
    if (!state.pod && !state.mirror) states_.erase(key);  // then there are no others
  }
  if (now.pod)
    deps_.on_mirror(now.pod->metadata.uid, mirror_action(now) == MirrorAction::None ? now.mirror : nullptr);
  if (mirror_action(now) != MirrorAction::None) kick();
}

void MirrorPods::want(const std::shared_ptr<const Pod>& pod) {
  update(pod, [&](MirrorState& state) {
    const std::string source = annotation(*pod, kSourceAnnotation);
    if (!state.pod || annotation(*state.pod, kSourceAnnotation) == source) {
      state.pod = pod;
      return;
    }
    std::erase_if(state.others, [&](const auto& o) { return annotation(*o, kSourceAnnotation) == source; });
    state.others.push_back(pod);
  });
}

void MirrorPods::unwant(const std::shared_ptr<const Pod>& pod) {
  update(pod, [&](MirrorState& state) {
    const auto is_it = [&](const auto& p) { return p->metadata.uid == pod->metadata.uid; };
    std::erase_if(state.others, is_it);
    if (!state.pod || !is_it(state.pod)) return;
    state.pod = nullptr;
    if (state.others.empty()) return;
    state.pod = state.others.front();
    state.others.erase(state.others.begin());
  });
}

void MirrorPods::seen(const std::shared_ptr<const Pod>& mirror, bool there) {
  update(mirror, [&](MirrorState& state) {
    if (there) {
      state.mirror = mirror;
    } else if (state.mirror && state.mirror->metadata.uid == mirror->metadata.uid) {
      state.mirror = nullptr;
    }
  });
}

void MirrorPods::tell_again(const std::shared_ptr<const Pod>& pod) {
  update(pod, [](MirrorState&) {});
}

void MirrorPods::tick() {
  bool due = false;
  {
    Lock lock(m_);
    for (const auto& [key, state] : states_) due = due || mirror_action(state) != MirrorAction::None;
  }
  if (due) kick();
}

void MirrorPods::kick() {
  {
    Lock lock(m_);
    again_ = true;
    if (working_) return;
    working_ = true;
  }
  auto token = gate_.enter();
  if (token && deps_.executor.post([this, token] { work(); })) return;
  Lock lock(m_);
  working_ = false;  // tick() tries again
}

void MirrorPods::work() {
  for (;;) {
    std::vector<MirrorState> all;
    {
      Lock lock(m_);
      if (!again_ || gate_.is_closed()) {
        working_ = false;
        return;
      }
      again_ = false;
      for (const auto& [key, state] : states_)
        if (mirror_action(state) != MirrorAction::None) all.push_back(state);
    }
    for (const auto& state : all) {
      const auto done = carry_out(mirror_action(state), state);
      if (done.ok()) continue;
      log::warn("kubelet", "Cannot keep a mirror pod",
                {log::kv("pod", pod_text(state.pod ? *state.pod : *state.mirror)),
                 log::kv("error", done.error().message())});
    }
  }
}

Result<void> MirrorPods::carry_out(MirrorAction action, const MirrorState& state) {
  if (action == MirrorAction::Delete) {
    if (!state.pod && !deps_.sources_ready()) return {};
    meta::v1::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.preconditions.ensure().uid = state.mirror->metadata.uid;
    const auto& meta = state.mirror->metadata;
    const auto removed = client::remove<Pod>(deps_.api, meta.namespace_, meta.name, options, new_call());
    const Code code = removed.ok() ? Code::Unknown : removed.error().code();
    // Conflict: another has the name by now. The watch tells what became of it.
    if (removed.ok() || code == Code::NotFound || code == Code::Conflict) return {};
    return removed.error();
  }
  MZ_ASSIGN(const auto node, client::get<api::core::v1::Node>(deps_.api, "", deps_.node_name, new_call()));
  const auto made =
      client::create<Pod>(deps_.api, mirror_of(*state.pod, deps_.node_name, node->metadata.uid), new_call());
  // The watch tells of it, and of one that was there already.
  const bool there = made.ok() || made.error().code() == Code::AlreadyExists;
  return there ? Result<void>() : Result<void>(made.error());
}

}  // namespace mizzen::kubelet
