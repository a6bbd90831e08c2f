#include "http/client/client_conn.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::http {

void ClientConn::begin(Socket socket) {
  MZ_CHECK(!closed_, "a connection to {} is closed before it begins", key_);
  begun_ = true;
  open(std::move(socket));
  begun();
  if (closed_) return;
  set_reading(true);
  idle_begins();
}

void ClientConn::start(const std::shared_ptr<ClientCall>& call) {
  if (closed_)
    return call->failed(Error(Code::ServiceUnavailable, "the connection closed before the request"), true);
  MZ_CHECK(begun_, "a call is started on a connection to {} before it begins", key_);
  if (call->cancelled()) return release_slot(*call);
  idle_ends();
  call->connection = this;
  submit(call);
}

void ClientConn::release_slot(ClientCall& call) {
  call.connection = nullptr;
  Lock lock(pool_->m);
  if (in_use > 0) --in_use;
  pool_->wake();
}

void ClientConn::set_limit(size_t n) {
  Lock lock(pool_->m);
  limit = n;
  pool_->wake();
}

void ClientConn::retire() {
  Lock lock(pool_->m);
  if (!usable) return;
  usable = false;
  auto found = pool_->targets.find(key_);
  if (found != pool_->targets.end()) {
    auto& list = found->second.connections;
    // Only the pool's reference goes; the loop's queue keeps us while we are inside an event.
    auto here = std::find_if(list.begin(), list.end(), [this](const auto& c) { return c.get() == this; });
    if (here != list.end()) {
      self_ = *here;
      list.erase(here);
    }
    if (list.empty() && found->second.dialing == 0) pool_->targets.erase(found);
  }
  pool_->wake();
}

void ClientConn::idle_begins() {
  idle_ends();
  idle_timer_ = loop_.after(pool_->options.idle_timeout, [this] {
    idle_timer_ = 0;
    close_if_idle();
  });
}

void ClientConn::idle_ends() {
  if (idle_timer_ != 0) loop_.cancel(idle_timer_);
  idle_timer_ = 0;
}

void ClientConn::close_if_idle() {
  {
    Lock lock(pool_->m);
    if (in_use > 0) return;
  }
  close(Error(Code::ServiceUnavailable, "idle connection closed"));
}

void ClientConn::close(const Error& why) {
  if (closed_) return;
  closed_ = true;
  idle_ends();
  retire();
  close_socket();
  for (const std::shared_ptr<ClientCall>& call : take_calls()) {
    const bool repeat = may_repeat(*call);
    call->connection = nullptr;
    call->failed(why, repeat);
  }
  {
    Lock lock(pool_->m);
    --pool_->connections;
    in_use = 0;
    pool_->wake();
  }
  loop_.post([self = std::move(self_)] {});
}

}  // namespace mizzen::http
