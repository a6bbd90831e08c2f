#pragma once
#include <functional>
#include <memory>
#include <string>

#include "async/runtime.h"
#include "client/api/api_client.h"
#include "client/leader/claim.h"

namespace mizzen::client {

/// Role: sees to it that of several processes one leads: it holds a Lease, and the others wait. Place: around
/// controllers and scheduler where several servers share a store. Kubernetes contract: client-go's leader
/// election with a Lease in kube-system: names, times and fields as upstream's, so that a mixed cluster has
/// one leader too. Lifecycle: start() once; stop() gives the lease back, calls on_lost where it led, and
/// waits; idempotent; also in the destructor. Threading: start and stop from one thread; on_lead and on_lost
/// come one at a time, in turn, on the executor, and may block; renewing goes on meanwhile. Invariants: I1
/// leads() turns false within renew_deadline of the last renewal that succeeded, counted from before it was
/// sent: before any other may take over. Failure: errors are tried again; a leader that cannot renew stops
/// leading.
class Elector {
 public:
  struct Options {
    std::string lease;  ///< its name: kube-controller-manager
    std::string namespace_ = "kube-system";
    std::string identity;  ///< unique among the candidates
    ElectionTimes times;
  };
  struct Tell {
    std::function<void()> on_lead;
    std::function<void()> on_lost;
  };
  Elector(ApiClient& api, Runtime runtime, Options options, Tell tell);
  ~Elector();
  Elector(const Elector&) = delete;

  void start();
  void stop();
  bool leads() const;
  /// Of this candidate, whether it leads or not.
  Term term() const;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace mizzen::client
