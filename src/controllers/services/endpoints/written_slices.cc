#include "controllers/services/endpoints/written_slices.h"

#include <algorithm>

namespace mizzen::controllers::endpoints {

void WrittenSlices::note(const std::string& service, const EndpointSlice& slice, bool removed) {
  Lock lock(m_);
  by_service_[service][slice.metadata.uid] = {slice.metadata.generation, removed, clock_.monotonic()};
}

void WrittenSlices::wrote(const std::string& service, const EndpointSlice& slice) {
  note(service, slice, false);
}

void WrittenSlices::removed(const std::string& service, const EndpointSlice& slice) {
  note(service, slice, true);
}

void WrittenSlices::gone(const std::string& service, const std::string& uid) {
  Lock lock(m_);
  const auto it = by_service_.find(service);
  if (it == by_service_.end()) return;
  it->second.erase(uid);
  if (it->second.empty()) by_service_.erase(it);
}

bool WrittenSlices::is_own(const std::string& service, const EndpointSlice& seen) {
  Lock lock(m_);
  const auto of_service = by_service_.find(service);
  if (of_service == by_service_.end()) return false;
  const auto it = of_service->second.find(seen.metadata.uid);
  return it != of_service->second.end() && !it->second.removed &&
         seen.metadata.generation <= it->second.generation;
}

bool WrittenSlices::newer_than(const std::string& service, const std::vector<EndpointSlice>& shown) {
  Lock lock(m_);
  const auto it = by_service_.find(service);
  if (it == by_service_.end()) return false;
  const Monotonic now = clock_.monotonic();
  std::erase_if(it->second, [&](const auto& entry) {
    const auto& [uid, written] = entry;
    if (now - written.at > kKeep) return true;
    const auto seen =
        std::find_if(shown.begin(), shown.end(), [&](const auto& s) { return s.metadata.uid == uid; });
    return written.removed ? seen == shown.end()
                           : seen != shown.end() && seen->metadata.generation >= written.generation;
  });
  if (!it->second.empty()) return true;
  by_service_.erase(it);
  return false;
}

}  // namespace mizzen::controllers::endpoints
