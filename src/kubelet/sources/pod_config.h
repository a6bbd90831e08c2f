#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/mutex.h"
#include "kubelet/sources/pod_source.h"

namespace mizzen::kubelet {

/// Role: merges the sources of pods into the one set that this node is to run. A pod belongs to the source
/// that told it first: another that tells the same uid is passed over until that one has let go of it. Mirror
/// pods are never run: they are what the API shows of pods from elsewhere. Place: made by Kubelet, before
/// everything that it feeds. Threading: thread-safe; handlers are called on the sources' threads, those of
/// one source in order. Lifecycle: add() before start().
class PodConfig {
 public:
  struct Handlers {
    std::function<void(const std::shared_ptr<const Pod>& pod)> upsert;
    std::function<void(const std::shared_ptr<const Pod>& pod)> observe;
    std::function<void(const std::shared_ptr<const Pod>& last)> gone;
    /// A mirror pod as the API has it, and whether it is there.
    std::function<void(const std::shared_ptr<const Pod>& mirror, bool there)> mirror;
  };
  explicit PodConfig(Handlers handlers);
  ~PodConfig();

  void add(std::unique_ptr<PodSource> source);
  void start();
  void stop();
  /// Every source has told all it has.
  bool synced() const;
  /// The source of this name has; where none has that name, every source has.
  bool synced(std::string_view source) const;
  /// Every source has, or cannot be read: what the others told may begin.
  bool asked() const;

 private:
  class Feed;
  /// True where the pod is this source's, and is from now on.
  bool claim(const std::string& uid, const Feed* feed);
  bool release(const std::string& uid, const Feed* feed);

  const Handlers handlers_;
  std::vector<std::unique_ptr<Feed>> feeds_;  ///< set before start()
  Mutex m_;
  std::map<std::string, const Feed*> owners_ MZ_GUARDED_BY(m_);  ///< by uid
};

}  // namespace mizzen::kubelet
