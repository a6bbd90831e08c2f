#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "base/clock.h"
#include "cri/runtime_events.h"
#include "rpc/channel.h"

namespace mizzen::cri {

/// RuntimeEvents from containerd's own event service, on the same socket as its CRI (containerd 1.6 has no
/// events in CRI). One thread, which waits for the stream. Failure: a stream that breaks is opened again
/// after a second; a runtime without the service is never connected, and is asked again each minute.
class ContainerdEvents final : public RuntimeEvents {
 public:
  /// `endpoint`: as Client::open().
  static Result<std::unique_ptr<ContainerdEvents>> open(const std::string& endpoint, const Clock& clock);
  ~ContainerdEvents() override { stop(); }
  void start(RuntimeEvent told) override;
  void stop() override;
  bool connected() const override { return connected_; }

 private:
  ContainerdEvents(std::unique_ptr<rpc::Channel> channel, const Clock& clock)
      : channel_(std::move(channel)), clock_(clock) {}
  void run();
  /// Until the stream ends: why it did.
  Result<void> listen();

  std::unique_ptr<rpc::Channel> channel_;
  const Clock& clock_;
  RuntimeEvent told_;
  std::atomic<bool> connected_ = false;
  StopSource stop_;
  Thread thread_;
};

/// One message of the stream. Pure; the id is empty where it says nothing about a container's run.
struct TaskNews {
  std::string id;
  bool runs = false;
};
TaskNews read_event(std::string_view topic, std::string_view payload);

}  // namespace mizzen::cri
