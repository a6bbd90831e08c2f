#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/client/client_call.h"
#include "http/client/client_pool.h"
#include "http/transport/channel.h"

namespace mizzen::http {

/// Role: one pooled connection; derived classes speak the protocol.
/// Threading: the slot members are guarded by the pool's mutex; all else is confined to the loop.
class ClientConn : public Channel, public std::enable_shared_from_this<ClientConn> {
 public:
  ClientConn(Loop& loop, std::shared_ptr<ClientPool> pool, std::string key)
      : Channel(loop, Duration::zero()), pool_(std::move(pool)), key_(std::move(key)) {}

  // Slots, under the pool's mutex.
  size_t in_use = 0;
  size_t limit = 1;
  bool usable = true;
  uint64_t tls_generation = 0;

  Loop& loop() { return loop_; }
  const std::string& key() const { return key_; }

  // On the loop.
  void begin(Socket socket);
  void start(const std::shared_ptr<ClientCall>& call);
  virtual void cancel(ClientCall& call) = 0;
  virtual void consumed(ClientCall& call, size_t n) = 0;
  void close(const Error& why);
  void close_if_idle();

 protected:
  virtual void begun() = 0;
  virtual void submit(const std::shared_ptr<ClientCall>& call) = 0;
  /// Every call that is under way, taken out.
  virtual std::vector<std::shared_ptr<ClientCall>> take_calls() = 0;
  /// True where a call that broke now without an answer may be sent again.
  virtual bool may_repeat(const ClientCall& call) const = 0;
  void on_handshaken() final {}
  void on_broken(const std::string& why) final { close(Error(Code::ServiceUnavailable, why)); }
  /// The call is over: its slot is free again.
  void release_slot(ClientCall& call);
  /// No new calls.
  void retire();
  void set_limit(size_t n);
  void idle_begins();
  void idle_ends();

  const std::shared_ptr<ClientPool> pool_;
  const std::string key_;
  bool closed_ = false;
  bool used_ = false;  ///< an answer has come over it

 private:
  Loop::TimerId idle_timer_ = 0;
  bool begun_ = false;
  std::shared_ptr<ClientConn> self_;  ///< once the pool has let go
};

std::shared_ptr<ClientConn> make_h1_client(Loop& loop, std::shared_ptr<ClientPool> pool, std::string key);
std::shared_ptr<ClientConn> make_h2_client(Loop& loop, std::shared_ptr<ClientPool> pool, std::string key);

}  // namespace mizzen::http
