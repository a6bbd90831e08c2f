#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "async/stop.h"
#include "base/random.h"
#include "client/api/api_client.h"
#include "kubelet/tokens/issued_token.h"

namespace mizzen::kubelet {

/// Role: the service account tokens of this node's pods: asked for as soon as a pod is known, and anew before
/// they end (renewal_time()). Nobody waits for the API where a volume is set up. Place: told by the pods'
/// workers which pods there are; `on_change` tells whose tokens changed. Truth: memory; a restarted agent
/// asks anew, and what its pods have in their volumes stays until then. Threading: thread-safe; nothing
/// blocks but stop() and calls on `executor`, one for each token at a time. Lifecycle: stop(), then the
/// alarms' loop ends, then it goes. Failure: what failed is asked for again after a pause that doubles, up to
/// kPauseWaitingMax where a pod has no token, kPauseRenewingMax where an old one is still good; that one
/// stays, and each failure is logged. Bounds: kTokensOfPodMax of one pod; what it wants beyond is never had.
class TokenManager {
 public:
  static constexpr size_t kTokensOfPodMax = 256;
  static constexpr Duration kPauseFirst = std::chrono::milliseconds(500);
  static constexpr Duration kPauseWaitingMax = std::chrono::seconds(10);
  static constexpr Duration kPauseRenewingMax = std::chrono::seconds(122);
  /// Whatever the clocks say, no token is asked for again that soon after it was had.
  static constexpr Duration kRenewalPauseMin = std::chrono::seconds(60);
  struct Deps {
    client::ApiClient& api;
    Executor& executor;
    Alarms& alarms;
    const Clock& clock;
    Random& random;
    std::function<void(const std::string& pod_uid)> on_change;
  };
  explicit TokenManager(Deps deps) : deps_(std::move(deps)) {}
  ~TokenManager() { stop(); }

  /// What the pod wants is had from now on, and nothing else for it.
  void watch(const Pod& pod);
  void forget(const std::string& pod_uid);
  /// The API answered to all that the pod wants, be it with an error.
  bool ready(const std::string& pod_uid) const;
  /// ServiceUnavailable, in upstream's words, where there is none or it has expired.
  Result<std::string> token(const TokenWish& wish);
  /// How many are kept or asked for.
  size_t size() const;
  /// Nothing is asked or told after this returned; ends calls under way.
  void stop();

 private:
  struct Entry {
    std::optional<IssuedToken> issued;  ///< the newest
    int64_t renew_at_s = 0;             ///< by the wall clock
    Monotonic had_at = {};
    std::optional<Error> failure;  ///< of the last try
    Duration pause = {};           ///< after it
    bool asking = false;
    Alarms::Id alarm = 0;  ///< 0: none
    bool answered() const { return issued || failure; }
  };
  void begin(const TokenWish& wish, Entry& entry) MZ_REQUIRES(m_);
  void begin_at(const TokenWish& wish, Entry& entry, Duration wait) MZ_REQUIRES(m_);
  void cancel_alarm(Entry& entry) MZ_REQUIRES(m_);
  void due(const TokenWish& wish);
  void ask(const TokenWish& wish);
  bool settle(const TokenWish& wish, Result<IssuedToken> answer);
  void note_issued(const TokenWish& wish, Entry& entry, IssuedToken issued) MZ_REQUIRES(m_);
  void note_failed(const TokenWish& wish, Entry& entry, const Error& error) MZ_REQUIRES(m_);
  int64_t now_s() const;

  const Deps deps_;
  StopSource stopping_;
  Gate gate_;  ///< of asks, waiting and under way
  mutable Mutex m_;
  std::map<TokenWish, Entry> entries_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::kubelet
