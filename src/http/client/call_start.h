#pragma once
#include <memory>
#include <optional>
#include <string>

#include "http/client/client_call.h"
#include "http/client/client_pool.h"

namespace mizzen::http {

/// `Get "https://host/path": why`, as Go's client says it.
Error explain(const ClientRequest& request, const Error& error);

/// Role: brings one request onto a connection of the pool, or of its own making, and waits for the header of
/// the answer, without a thread; does it again where the server surely has not seen it. Threading: begin()
/// and expire() from any thread; `done` is told once, on a loop or on the thread of expire(). Lifecycle: it
/// keeps itself until then. Bounds: kAttemptsMax.
class CallStart : public std::enable_shared_from_this<CallStart> {
 public:
  using Done = std::function<void(Result<std::shared_ptr<ClientCall>>)>;
  CallStart(std::shared_ptr<ClientPool> pool, ClientRequest request, CallContext context, LookUps look_ups);

  /// `minds_deadline`: else who waits calls expire().
  void begin(bool minds_deadline, Done done);
  /// The deadline has passed. A connection that is being made tells that by itself, unless `last` says that
  /// there is nobody to tell.
  void expire(bool last = false);

 private:
  enum class Phase : uint8_t { Waiting, Dialing, Answer, Over };
  void arm();
  void acquire();
  std::shared_ptr<ClientConn> take_place() MZ_REQUIRES(pool_->m);
  /// Where it says so, a connection is being made.
  bool may_dial() MZ_REQUIRES(pool_->m);
  void dial();
  void dialled(Result<Socket> socket, uint64_t generation);
  void start_on(const std::shared_ptr<ClientConn>& connection);
  void answered();
  void stop();
  /// Ends a wait; nothing where it is not waiting.
  void give_up(const Error& why, bool last = false);
  void finish(Result<std::shared_ptr<ClientCall>> result);

  const std::shared_ptr<ClientPool> pool_;
  const Begun begun_{pool_};
  const ClientRequest request_;
  const CallContext context_;
  const LookUps look_ups_;
  const std::string key_;
  const Headers headers_;
  Loop& home_;
  std::shared_ptr<void> on_stop_;  ///< set before anything begins
  bool told_later_ = false;        ///< likewise
  bool timed_ = false;             ///< likewise
  int attempt_ = 0;                ///< only between steps, which follow one another
  Mutex m_;
  Phase phase_ MZ_GUARDED_BY(m_) = Phase::Waiting;
  Done done_ MZ_GUARDED_BY(m_);
  std::shared_ptr<ClientCall> call_ MZ_GUARDED_BY(m_);
  Loop::TimerId timer_ = 0;  ///< only on home_
};

}  // namespace mizzen::http
