#pragma once
#include <memory>
#include <string>

#include "api/schema/core/v1/object_reference.h"
#include "async/runtime.h"
#include "client/api/api_client.h"

namespace mizzen::client {

/// Role: tells users what a component did: writes Events through upstream's correlator, away from the caller.
/// Kubernetes contract: client-go's EventCorrelator: spam filter (25 events per source and object, one more
/// each 5 minutes), aggregation of similar events (more than 10 in 10 minutes become "(combined from similar
/// events): ..."), and counting of equal ones (count, lastTimestamp by patch). Threading: thread-safe;
/// event() never blocks. Lifecycle: stop(), also by the destructor, before what it runs on is stopped: a try
/// or a pause of it would hold that up. Failure: events are best effort: 12 tries with a pause between them,
/// then dropped. Bounds: kCorrelationsMax remembered events (least recently used go), kPendingMax waiting
/// writes.
class EventRecorder {
 public:
  static constexpr size_t kCorrelationsMax = 4096;
  static constexpr size_t kPendingMax = 1000;
  struct Options {
    std::string component;
    std::string host;
    Duration retry_pause = std::chrono::seconds(10);  ///< between two tries of a write, as upstream
  };
  struct Deps {
    ApiClient& api;
    Runtime runtime;
  };
  EventRecorder(Deps deps, Options options);
  ~EventRecorder();

  /// `type` is Normal or Warning.
  void event(const api::core::v1::ObjectReference& about, std::string_view type, std::string_view reason,
             std::string message);
  /// `about` is of the resource that its type is the in-memory type of.
  void event(const Object& about, std::string_view type, std::string_view reason, std::string message);
  /// Waits until what was told before has been written or dropped.
  void flush(Deadline deadline);
  /// Waits for what was told before, that long; what is then not written, and what is told later, is dropped:
  /// nothing of it is tried any more.
  void stop(Duration patience = std::chrono::seconds(1));

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The reference events and owners use for an object of this resource; null: one that nobody serves, which
/// has no kind.
api::core::v1::ObjectReference reference_to(const ResourceInfo* resource, const Object& object);

}  // namespace mizzen::client
