#include "kubelet/decide/image_gc.h"

#include <algorithm>

namespace mizzen::kubelet {

bool is_pause_image(const cri::v1::Image& image) {
  return std::any_of(image.repo_tags.begin(), image.repo_tags.end(), [](const std::string& tag) {
    return std::string_view(tag).substr(tag.rfind('/') + 1).starts_with("pause:");
  });
}

ImageGcPlan plan_image_gc(const std::vector<cri::v1::Image>& images, const std::set<std::string>& in_use,
                          const std::map<std::string, ImageAge>& ages, const ImageDisk& disk, bool all,
                          Monotonic now, const ImageGcLimits& limits) {
  ImageGcPlan out;
  if (disk.bytes == 0 && !all) return out;
  const uint64_t used = disk.bytes - std::min(disk.bytes, disk.available_bytes);
  const uint64_t percent = disk.bytes / 100;
  if (!all && used < percent * static_cast<uint64_t>(limits.high_percent)) return out;
  const uint64_t low = percent * static_cast<uint64_t>(limits.low_percent);
  out.wanted_bytes = used > low ? used - low : 0;

  struct Candidate {
    const cri::v1::Image* image;
    ImageAge age;
  };
  std::vector<Candidate> candidates;
  for (const auto& image : images) {
    const auto age = ages.find(image.id);
    if (in_use.contains(image.id) || image.pinned || is_pause_image(image) || age == ages.end()) continue;
    if (now - age->second.seen < limits.age_min) continue;  // its container may be about to start
    candidates.push_back({&image, age->second});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.age.used != b.age.used ? a.age.used < b.age.used : a.age.seen < b.age.seen;
  });
  for (const auto& candidate : candidates) {
    if (!all && out.freed_bytes >= out.wanted_bytes) break;
    out.remove.push_back(candidate.image->id);
    out.freed_bytes += candidate.image->size;
  }
  return out;
}

}  // namespace mizzen::kubelet
