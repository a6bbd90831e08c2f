#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/schema/discovery/v1/endpoint_slice.h"
#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen::controllers::endpoints {

using api::discovery::v1::EndpointSlice;

/// Role: what the controller has written of each service's slices, so that it does not decide again from a
/// view that does not show it yet: it would write a second slice for the same pods. Kubernetes contract:
/// upstream's EndpointSlice tracker. Threading: thread-safe. Bounds: one entry for each slice written that
/// the view has not shown, for kKeep at most.
class WrittenSlices {
 public:
  /// What no view has shown by then is not waited for: somebody else may have removed it unseen.
  static constexpr Duration kKeep = std::chrono::seconds(30);

  explicit WrittenSlices(const Clock& clock) : clock_(clock) {}
  /// Created or updated; as the API answered.
  void wrote(const std::string& service, const EndpointSlice& slice);
  void removed(const std::string& service, const EndpointSlice& slice);
  /// A view says that it has gone.
  void gone(const std::string& service, const std::string& uid);
  /// True where this state of a slice is one that the controller wrote: it need not be looked at.
  bool is_own(const std::string& service, const EndpointSlice& seen);
  /// True where these, all that a view shows of a service, are older than what was written. Forgets what the
  /// view has shown.
  bool newer_than(const std::string& service, const std::vector<EndpointSlice>& shown);

 private:
  struct Written {
    int64_t generation = 0;
    bool removed = false;
    Monotonic at{};
  };
  void note(const std::string& service, const EndpointSlice& slice, bool removed);

  const Clock& clock_;
  Mutex m_;
  std::unordered_map<std::string, std::map<std::string, Written>> by_service_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::controllers::endpoints
