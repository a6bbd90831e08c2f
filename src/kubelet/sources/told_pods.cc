#include "kubelet/sources/told_pods.h"

#include <set>

#include "codec/tables/values.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {
std::string name_of(const Pod& pod) { return pod.metadata.namespace_ + "/" + pod.metadata.name; }
constexpr int kDetails = 4;

/// The same but for when it was read.
bool says_the_same(const Pod& before, const Pod& now) {
  if (&before == &now) return true;
  Pod copy = now;
  if (const auto* seen = before.metadata.annotations.find(kSeenAnnotation))
    copy.metadata.annotations.set(kSeenAnnotation, *seen);
  return codec::equal(before, copy);
}
}  // namespace

void ToldPods::tell(const std::vector<std::shared_ptr<const Pod>>& now, PodSink& sink) {
  std::map<std::string, std::shared_ptr<const Pod>> wanted;
  std::set<std::string> names, before;
  for (const auto& pod : now)
    if (names.insert(name_of(*pod)).second) wanted.try_emplace(pod->metadata.uid, pod);
  for (const auto& [uid, pod] : told_) before.insert(name_of(*pod));
  bool changed = false;
  for (const auto& [uid, pod] : told_) {
    if (wanted.contains(uid)) continue;
    changed = true;
    sink.gone(pod);
  }
  for (auto& [uid, pod] : wanted) {
    const auto known = told_.find(uid);
    const bool same = known != told_.end() && name_of(*known->second) == name_of(*pod);
    // A uid that a manifest gives itself may come to another name: that is another pod.
    if (known != told_.end() && !same) sink.gone(known->second);
    if (same && says_the_same(*known->second, *pod)) {
      pod = known->second;
      continue;
    }
    changed = true;
    sink.upsert(pod);
  }
  // As the founding agent said it: a set where names came or went, an update where pods are others.
  if (changed)
    log::verbose(kDetails, "kubelet",
                 names == before ? "Update: Containers changed" : "SET: Containers changed",
                 {log::kv("source", source_), log::kv("pods", wanted.size())});
  told_ = std::move(wanted);
}

}  // namespace mizzen::kubelet
