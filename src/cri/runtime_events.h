#pragma once
#include <functional>
#include <memory>
#include <string>

namespace mizzen::cri {

/// Told when a container or sandbox of the runtime begins to run or ends, by its id; with an empty id when
/// events may have been lost. A hint, sometimes earlier than the runtime's own answers: whoever is told looks
/// again later, and now and then at all. Called on one thread; must be short.
using RuntimeEvent = std::function<void(const std::string& id, bool runs)>;

/// What a runtime tells by itself. Implemented by ContainerdEvents. Threading: thread-safe.
class RuntimeEvents {
 public:
  virtual ~RuntimeEvents() = default;
  /// Once. Nobody is told after stop() returned.
  virtual void start(RuntimeEvent told) = 0;
  virtual void stop() = 0;
  /// False while nothing can be told: then looking is all there is.
  virtual bool connected() const = 0;
};

}  // namespace mizzen::cri
