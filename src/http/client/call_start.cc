#include "http/client/call_start.h"

#include <utility>

#include "http/client/client_conn.h"

namespace mizzen::http {
namespace {

constexpr int kAttemptsMax = 3;

Error stopped_error() { return Error(Code::Cancelled, "the client has been stopped"); }

}  // namespace

Error explain(const ClientRequest& request, const Error& error) {
  std::string method = request.method;
  for (size_t i = 1; i < method.size(); ++i)
    if (method[i] >= 'A' && method[i] <= 'Z') method[i] = static_cast<char>(method[i] - 'A' + 'a');
  Target named = request.target;
  named.pinned_address.clear();
  const std::string url =
      named.unix_path.empty() ? (named.tls ? "https://" : "http://") + named.authority() : named.str();
  return error.with_context(method + " \"" + url + request.path.substr(0, request.path.find('?')) + "\"");
}

CallStart::CallStart(std::shared_ptr<ClientPool> pool, ClientRequest request, CallContext context,
                     LookUps look_ups)
    : pool_(std::move(pool)),
      request_(std::move(request)),
      context_(std::move(context)),
      look_ups_(std::move(look_ups)),
      key_(request_.target.str()),
      headers_(pool_->full_headers(request_)),
      home_(pool_->loops.next()) {}

void CallStart::begin(bool minds_deadline, Done done) {
  {
    Lock lock(m_);
    done_ = std::move(done);
  }
  told_later_ = minds_deadline;
  timed_ = minds_deadline && !context_.deadline.is_never();
  if (timed_) home_.post([self = shared_from_this()] { self->arm(); });
  on_stop_ = context_.stop.on_stop([weak = weak_from_this(), &home = home_] {
    auto self = weak.lock();
    if (self) home.post([self = std::move(self)] { self->stop(); });
  });
  acquire();
}

void CallStart::arm() {
  {
    Lock lock(m_);
    if (phase_ == Phase::Over) return;
  }
  timer_ = home_.after(std::max(context_.deadline.left(), Duration::zero()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->timer_ = 0;
    self->expire();
  });
}

void CallStart::acquire() {
  {
    Lock lock(m_);
    if (phase_ == Phase::Over) return;
    phase_ = Phase::Waiting;
  }
  std::shared_ptr<ClientConn> found;
  bool stopped = false;
  {
    Lock lock(pool_->m);
    stopped = pool_->stopped;
    if (!stopped) found = take_place();
    if (!stopped && !found && !may_dial()) {
      pool_->waiters.emplace_back(&home_, [self = shared_from_this()] { self->acquire(); });
      return;
    }
  }
  if (found) return start_on(found);
  if (!stopped) return dial();
  // Who waits for it may do so when no loop runs any more.
  if (!told_later_) return give_up(stopped_error());
  home_.post([self = shared_from_this()] { self->give_up(stopped_error()); });
}

std::shared_ptr<ClientConn> CallStart::take_place() {
  for (const auto& c : pool_->targets[key_].connections) {
    if (!c->usable || c->in_use >= c->limit) continue;
    ++c->in_use;
    return c;
  }
  return nullptr;
}

bool CallStart::may_dial() {
  TargetPool& entry = pool_->targets[key_];
  // Where HTTP/2 is likely, one dial serves all who wait.
  if (entry.dialing > 0 && request_.target.tls && pool_->options.tls.http2 &&
      (!entry.seen || entry.speaks_h2))
    return false;
  if (entry.connections.size() + entry.dialing >= pool_->options.connections_per_target_max) return false;
  ++entry.dialing;
  return true;
}

void CallStart::dial() {
  bool over = false;
  {
    Lock lock(m_);
    over = phase_ == Phase::Over;
    if (!over) phase_ = Phase::Dialing;
  }
  const Result<ClientTls> tls =
      over ? Result<ClientTls>(Error(Code::Cancelled, "context canceled")) : pool_->tls_for(request_.target);
  if (!tls.ok()) {
    home_.post([self = shared_from_this(), why = tls.error()] { self->dialled(why, 0); });
    return;
  }
  Dial::begin(home_,
              {.target = request_.target,
               .tls = tls->context,
               .offer_http2 = tls->context && tls->context->http2(),
               .context = pool_->dial_context(context_),
               .cut = pool_->stopping.token(),
               .look_ups = look_ups_},
              [self = shared_from_this(), generation = tls->generation](Result<Socket> socket) {
                self->dialled(std::move(socket), generation);
              });
}

void CallStart::dialled(Result<Socket> socket, uint64_t generation) {
  std::shared_ptr<ClientConn> connection;
  const bool h2 = socket.ok() && socket->transport->alpn() == "h2";
  if (socket.ok()) connection = h2 ? make_h2_client(home_, pool_, key_) : make_h1_client(home_, pool_, key_);
  bool stopped = false;
  {
    Lock lock(pool_->m);
    TargetPool& entry = pool_->targets[key_];
    if (entry.dialing > 0) --entry.dialing;
    stopped = pool_->stopped;
    if (connection && !stopped) {
      entry.seen = true;
      entry.speaks_h2 = h2;
      connection->in_use = 1;
      connection->tls_generation = generation;
      if (h2) connection->limit = 2;  // until it has begun
      entry.connections.push_back(connection);
      ++pool_->connections;
    } else if (entry.connections.empty() && entry.dialing == 0) {
      pool_->targets.erase(key_);
    }
    pool_->wake();
  }
  if (!socket.ok()) return finish(explain(request_, socket.error()));
  if (stopped) return finish(explain(request_, stopped_error()));
  // Who found it meanwhile posts to this loop, and comes after this.
  connection->begin(std::move(*socket));
  start_on(connection);
}

void CallStart::start_on(const std::shared_ptr<ClientConn>& connection) {
  const std::string_view host = headers_.get("Host");
  const std::string authority = host.empty() ? request_.target.authority() : std::string(host);
  auto call = std::make_shared<ClientCall>(request_.method, authority, request_.target.tls, request_.path,
                                           headers_, request_.body, connection->loop());
  ++attempt_;
  bool over = false;
  {
    Lock lock(m_);
    over = phase_ == Phase::Over;
    if (!over) {
      phase_ = Phase::Answer;
      call_ = call;
    }
  }
  // One that is cancelled gives its place back.
  if (over) call->cancel(Error(Code::Cancelled, "context canceled"));
  if (!over) call->on_head([self = shared_from_this()] { self->answered(); });
  connection->loop().post([connection, call] { connection->start(call); });
  // What came while it was dialled was left to the dial, which may have been over.
  if (context_.stop.stopped()) return home_.post([self = shared_from_this()] { self->stop(); });
  if (context_.deadline.expired()) home_.post([self = shared_from_this()] { self->expire(); });
}

void CallStart::answered() {
  std::shared_ptr<ClientCall> call;
  {
    Lock lock(m_);
    call = call_;
  }
  if (!call) return;
  const Result<void> head = call->head();
  if (head.ok()) return finish(call);
  if (call->retry_safe() && attempt_ < kAttemptsMax && !context_.deadline.expired()) return acquire();
  finish(explain(request_, head.error()));
}

void CallStart::stop() { give_up(Error(Code::Cancelled, "context canceled")); }

void CallStart::expire(bool last) { give_up(Error(Code::Timeout, "context deadline exceeded"), last); }

void CallStart::give_up(const Error& why, bool last) {
  {
    Lock lock(m_);
    if (phase_ == Phase::Dialing && !last) return;
  }
  finish(explain(request_, why));
}

void CallStart::finish(Result<std::shared_ptr<ClientCall>> result) {
  Done done;
  std::shared_ptr<ClientCall> call;
  {
    Lock lock(m_);
    phase_ = Phase::Over;
    done = std::exchange(done_, nullptr);
    call = std::exchange(call_, nullptr);
  }
  if (!done) {
    if (result.ok()) (*result)->cancel(Error(Code::Cancelled, "context canceled"));
    return;
  }
  if (!result.ok() && call) call->cancel(result.error());
  if (timed_) {
    home_.post([self = shared_from_this()] {
      if (self->timer_ != 0) self->home_.cancel(std::exchange(self->timer_, 0));
    });
  }
  done(std::move(result));
}

}  // namespace mizzen::http
