#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/gate.h"
#include "async/mutex.h"
#include "async/stop.h"
#include "kubelet/decide/image_gc.h"
#include "kubelet/state/events.h"

namespace mizzen::kubelet {

/// Role: takes away images that nobody needs when their disk gets full (decide/image_gc.h), so that a node
/// that says DiskPressure does what it can about it. Place: ticked by the kubelet's housekeeping. Truth: the
/// runtime's images and containers; how long an image has been unused is counted since the agent started, as
/// upstream. Threading: thread-safe; nothing blocks. One round at a time. Failure: told by an event of the
/// node the second time that too little could be freed; tried again with the next round.
class ImageCollector {
 public:
  struct Deps {
    cri::Runtime& runtime;
    Events& events;
    const Clock& clock;
    std::function<ImageDisk()> disk;
    std::function<void(const std::vector<cri::v1::Image>&)> on_images = {};  ///< what there is, each round
  };
  explicit ImageCollector(Deps deps) : deps_(std::move(deps)) {}
  ~ImageCollector() { stop(); }

  /// Looks at images and containers; collects every kEvery.
  void tick() { begin(false, {}); }
  /// Takes away all images that nobody has; `done` is told once, when what could go is gone.
  void collect_all(std::function<void()> done);
  void stop();
  static constexpr Duration kEvery = std::chrono::minutes(5);

 private:
  /// Tells who waits for a round when the last that holds it lets go.
  using Waiting = std::shared_ptr<void>;
  void begin(bool all, Waiting waiting);
  void listed_images(const Gate::Token& token, bool all, const Waiting& waiting,
                     const std::vector<cri::v1::Image>& images);
  void collect(const Gate::Token& token, bool all, const Waiting& waiting,
               const std::vector<cri::v1::Image>& images, const std::vector<cri::v1::Container>& containers);
  void tell(const ImageGcPlan& plan);
  void ended();

  const Deps deps_;
  Gate gate_;
  StopSource stop_;
  Mutex m_;
  bool under_way_ MZ_GUARDED_BY(m_) = false;
  Waiting next_ MZ_GUARDED_BY(m_);  ///< for a round of all that follows the one under way
  std::map<std::string, ImageAge> ages_ MZ_GUARDED_BY(m_);  ///< by id
  std::optional<Monotonic> collected_ MZ_GUARDED_BY(m_);
  int failures_ MZ_GUARDED_BY(m_) = 0;  ///< rounds in a row that freed too little
};

}  // namespace mizzen::kubelet
