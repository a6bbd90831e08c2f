#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kubelet/sources/pod_source.h"

namespace mizzen::kubelet {

/// Role: what a source told last, held against what it has now: each difference is told once. Of two pods
/// with one name the first counts. Threading: externally synchronised.
class ToldPods {
 public:
  explicit ToldPods(std::string_view source) : source_(source) {}
  /// Tells what `now` is not as before: gone before upserted, so that a changed manifest's pod ends first.
  void tell(const std::vector<std::shared_ptr<const Pod>>& now, PodSink& sink);

 private:
  const std::string source_;
  std::map<std::string, std::shared_ptr<const Pod>> told_;  ///< by uid
};

}  // namespace mizzen::kubelet
