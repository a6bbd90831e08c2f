#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "kubelet/sources/pod_source.h"

namespace mizzen::kubelet::testing {

/// Role: what a source told, for a test to look at: "+NAME" wanted, "-NAME" gone, "?NAME" observed.
/// Threading: thread-safe.
class ToldSink final : public PodSink {
 public:
  enum class By { Name, Uid };
  explicit ToldSink(By by = By::Name) : by_(by) {}
  void upsert(const std::shared_ptr<const Pod>& pod) override { add("+", *pod); }
  void observe(const std::shared_ptr<const Pod>& pod) override { add("?", *pod); }
  void gone(const std::shared_ptr<const Pod>& last) override { add("-", *last); }
  /// Since the last take().
  std::vector<std::string> take() {
    return lines_.with([](auto& l) { return std::exchange(l, {}); });
  }

 private:
  void add(const std::string& what, const Pod& pod) {
    lines_.with(
        [&](auto& l) { l.push_back(what + (by_ == By::Name ? pod.metadata.name : pod.metadata.uid)); });
  }
  const By by_;
  Guarded<std::vector<std::string>> lines_;
};

}  // namespace mizzen::kubelet::testing
