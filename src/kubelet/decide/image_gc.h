#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cri/runtime.h"

namespace mizzen::kubelet {

/// When images have to go, upstream's defaults.
struct ImageGcLimits {
  int high_percent = 85;  ///< of the disk used: from there on ...
  int low_percent = 80;   ///< ... down to this
  Duration age_min = std::chrono::minutes(2);
};

/// Space on the disk that holds images.
struct ImageDisk {
  uint64_t bytes = 0;
  uint64_t available_bytes = 0;
};

/// Since when an image is known, and when a container last had it.
struct ImageAge {
  Monotonic seen;
  Monotonic used;
};

/// Pure: which images go, in order, and how many bytes they free at most: those that no container has, that
/// are older than age_min and not pinned; the longest unused first. `all`: every such image, for a disk under
/// pressure.
struct ImageGcPlan {
  std::vector<std::string> remove;  ///< ids
  uint64_t wanted_bytes = 0;
  uint64_t freed_bytes = 0;
};
ImageGcPlan plan_image_gc(const std::vector<cri::v1::Image>& images, const std::set<std::string>& in_use,
                          const std::map<std::string, ImageAge>& ages, const ImageDisk& disk, bool all,
                          Monotonic now, const ImageGcLimits& limits = {});

/// True of what sandboxes are made of, which no container shows.
bool is_pause_image(const cri::v1::Image& image);

}  // namespace mizzen::kubelet
