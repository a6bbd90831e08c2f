#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "async/runtime.h"
#include "async/stop.h"
#include "client/leader/elector.h"
#include "client/leader/led_client.h"

namespace mizzen::client {

/// Role: work that runs all the time, or, where several servers share a store, while this one leads. Place:
/// around controllers and around the scheduler. Lifecycle: start() begins the work, or stands for election;
/// stop() ends either; idempotent; also in the destructor. Threading: start and stop from one thread; begin
/// and end are called one at a time, in turn, and may block. Failure: work that does not begin while leading
/// is ended and begun again.
class Led {
 public:
  struct Work {
    /// Begins with this way to the API: it refuses writes once somebody else may lead.
    std::function<Result<void>(ApiClient& api, Deadline deadline)> begin;
    std::function<void()> end;
  };
  /// No `election`: nobody shares the store.
  Led(ApiClient& api, Runtime runtime, std::optional<Elector::Options> election, Work work);
  ~Led() { stop(); }

  Result<void> start(Deadline deadline);
  void stop();

 private:
  void lead();

  ApiClient& api_;
  const Runtime runtime_;
  const Work work_;
  std::unique_ptr<Elector> elector_;
  std::unique_ptr<LedClient> led_;
  StopSource pause_;  ///< between two tries to begin
  bool started_ = false;
};

}  // namespace mizzen::client
