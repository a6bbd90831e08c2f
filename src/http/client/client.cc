#include "http/client/client.h"

#include <algorithm>
#include <utility>

#include "http/client/call_start.h"
#include "http/client/client_conn.h"
#include "http/client/upgrade_start.h"
#include "http/client/wait.h"
#include "http/client/whole_answer.h"

namespace mizzen::http {
namespace {

constexpr Duration kStopWait = std::chrono::seconds(5);

Result<void> check(const ClientRequest& request) {
  if (!valid_header_name(request.method)) return Error(Code::BadRequest, "invalid method");
  if (request.path.empty() || request.path.front() != '/')
    return Error(Code::BadRequest, "path must start with '/'");
  for (const char c : request.path)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      return Error(Code::BadRequest, "path must be percent-encoded");
  if (request.target.unix_path.empty() && (request.target.host.empty() || request.target.port == 0))
    return Error(Code::BadRequest, "the target has no host or port");
  return {};
}

Result<void> may_block() {
  if (Loop::current() != nullptr) return Error(Code::InternalError, "a blocking call on an event loop");
  return {};
}

LookUps on(Executor* executor, const ClientPool& pool) {
  if (executor == nullptr) return {};
  return {[executor](std::function<void()> f) { return executor->post(std::move(f)); }, pool.names};
}

/// Who waits looks names up itself.
template <typename T>
LookUps on(const std::shared_ptr<Wait<T>>& wait) {
  return {[wait](std::function<void()> f) { return wait->post(std::move(f)); }};
}

using Opened = Result<std::unique_ptr<ResponseReader>>;

}  // namespace

struct Client::Impl {
  Impl(Loops& loops, Options options) : pool(std::make_shared<ClientPool>(loops, std::move(options))) {}

  Result<std::shared_ptr<ClientCall>> call(const ClientRequest& request, const CallContext& context);
  /// `done` is called on the loop of the connection.
  using Dialled = std::function<void(Loop&, Result<Socket>)>;
  void dial(const Target& target, const CallContext& context, LookUps look_ups, Dialled done);

  const std::shared_ptr<ClientPool> pool;
};

Result<std::shared_ptr<ClientCall>> Client::Impl::call(const ClientRequest& request,
                                                       const CallContext& context) {
  MZ_TRY(check(request));
  MZ_TRY(may_block());
  const auto wait = std::make_shared<Wait<std::shared_ptr<ClientCall>>>();
  const auto start = std::make_shared<CallStart>(pool, request, context, on(wait));
  start->begin(false, [wait](auto result) { wait->tell(std::move(result)); });
  return wait->wait(context.deadline, pool->loops.clock(), [&](bool last) { start->expire(last); });
}

void Client::Impl::dial(const Target& target, const CallContext& context, LookUps look_ups, Dialled done) {
  Loop& loop = pool->loops.next();
  const Result<ClientTls> tls = pool->tls_for(target);
  if (!tls.ok()) {
    loop.post([&loop, done = std::move(done), why = tls.error()] { done(loop, why); });
    return;
  }
  Dial::begin(loop,
              {.target = target,
               .tls = tls->context,
               .context = context,
               .cut = pool->stopping.token(),
               .look_ups = std::move(look_ups)},
              [&loop, begun = std::make_shared<Begun>(pool), done = std::move(done)](Result<Socket> socket) {
                done(loop, std::move(socket));
              });
}

Client::Client(Loops& loops, Options options) : impl_(std::make_shared<Impl>(loops, std::move(options))) {}

Client::~Client() { stop(); }

Result<void> Client::reload_tls(const ClientTlsOptions& tls) {
  MZ_ASSIGN(std::shared_ptr<const TlsContext> context, TlsContext::client(tls));
  std::vector<std::shared_ptr<ClientConn>> old;
  {
    Lock lock(impl_->pool->m);
    impl_->pool->tls = std::move(context);
    ++impl_->pool->tls_generation;
    for (auto& [key, entry] : impl_->pool->targets)
      for (auto& c : entry.connections) {
        if (c->in_use > 0) c->limit = 0;  // what runs may end
        old.push_back(c);
      }
  }
  close_idle();
  return {};
}

Result<Response> Client::request(const ClientRequest& request, const CallContext& context) {
  MZ_ASSIGN(std::unique_ptr<ResponseReader> reader, open(request, context));
  auto body = reader->read_all(impl_->pool->options.body_bytes_max, context);
  if (!body.ok()) return explain(request, body.error());
  return Response{reader->status(), reader->headers(), std::move(*body)};
}

Result<std::unique_ptr<ResponseReader>> Client::open(const ClientRequest& request,
                                                     const CallContext& context) {
  MZ_ASSIGN(std::shared_ptr<ClientCall> call, impl_->call(request, context));
  return std::make_unique<ResponseReader>(std::move(call));
}

void Client::begin(const ClientRequest& request, const CallContext& context, Executor* look_ups,
                   std::function<void(Opened)> done) {
  const Result<void> checked = check(request);
  if (!checked.ok()) {
    impl_->pool->loops.next().post([done = std::move(done), why = checked.error()] { done(Opened(why)); });
    return;
  }
  std::make_shared<CallStart>(impl_->pool, request, context, on(look_ups, *impl_->pool))
      ->begin(true, [done = std::move(done)](Result<std::shared_ptr<ClientCall>> call) {
        if (!call.ok()) return done(Opened(call.error()));
        done(Opened(std::make_unique<ResponseReader>(std::move(*call))));
      });
}

void Client::begin_request(const ClientRequest& request, size_t body_bytes_max, const CallContext& context,
                           Executor* look_ups, std::function<void(Result<Response>)> done) {
  const Result<void> checked = check(request);
  if (!checked.ok()) {
    impl_->pool->loops.next().post([done = std::move(done), why = checked.error()] { done(why); });
    return;
  }
  const auto begun = std::make_shared<Begun>(impl_->pool);
  std::make_shared<CallStart>(impl_->pool, request, context, on(look_ups, *impl_->pool))
      ->begin(true, [request, body_bytes_max, context, begun,
                     done = std::move(done)](Result<std::shared_ptr<ClientCall>> call) {
        if (!call.ok()) return done(call.error());
        WholeAnswer::begin(*call, body_bytes_max, context, [request, begun, done](Result<Response> answer) {
          done(answer.ok() ? std::move(answer) : Result<Response>(explain(request, answer.error())));
        });
      });
}

void Client::begin_dial(const Target& target, const CallContext& context, Executor* look_ups,
                        std::function<void(Result<DuplexPtr>)> done) {
  impl_->dial(target, impl_->pool->dial_context(context), on(look_ups, *impl_->pool),
              [pool = impl_->pool, done = std::move(done)](Loop& loop, Result<Socket> socket) {
                if (!socket.ok()) return done(socket.error());
                done(pool->to_duplex(loop, std::move(*socket), {}));
              });
}

Result<DuplexPtr> Client::dial(const Target& target, const CallContext& context) {
  MZ_TRY(may_block());
  const auto wait = std::make_shared<Wait<DuplexPtr>>();
  const CallContext bounded = impl_->pool->dial_context(context);
  impl_->dial(target, bounded, on(wait), [pool = impl_->pool, wait](Loop& loop, Result<Socket> socket) {
    if (!socket.ok()) return wait->tell(socket.error());
    wait->tell(pool->to_duplex(loop, std::move(*socket), {}));
  });
  return wait->wait(bounded.deadline, impl_->pool->loops.clock(), [](bool) {});
}

Result<Upgraded> Client::dial_upgrade(const ClientRequest& request, const CallContext& context) {
  MZ_TRY(check(request));
  MZ_TRY(may_block());
  const auto wait = std::make_shared<Wait<Upgraded>>();
  impl_->dial(request.target, context, on(wait),
              [pool = impl_->pool, wait, request, context](Loop& loop, Result<Socket> socket) {
                if (!socket.ok()) return wait->tell(socket.error());
                UpgradeStart::begin(loop, std::move(*socket), request, pool->full_headers(request), context,
                                    [pool, wait, &loop](Result<UpgradeStart::Outcome> got) {
                                      if (!got.ok()) return wait->tell(got.error());
                                      if (got->answer.status == 101)
                                        got->answer.duplex = pool->to_duplex(loop, std::move(got->socket),
                                                                             std::move(got->early));
                                      wait->tell(std::move(got->answer));
                                    });
              });
  auto upgraded = wait->wait(context.deadline, impl_->pool->loops.clock(), [](bool) {});
  if (!upgraded.ok()) return explain(request, upgraded.error());
  return upgraded;
}

void Client::close_idle() {
  std::vector<std::shared_ptr<ClientConn>> idle;
  {
    Lock lock(impl_->pool->m);
    for (auto& [key, entry] : impl_->pool->targets)
      for (auto& c : entry.connections)
        if (c->in_use == 0) idle.push_back(c);
  }
  for (auto& c : idle) c->loop().post([c] { c->close_if_idle(); });
}

void Client::stop() {
  ClientPool& pool = *impl_->pool;
  std::vector<std::shared_ptr<ClientConn>> all;
  std::vector<std::shared_ptr<DuplexImpl>> duplexes;
  {
    Lock lock(pool.m);
    if (pool.stopped) return;
    pool.stopped = true;
    for (auto& [key, entry] : pool.targets)
      all.insert(all.end(), entry.connections.begin(), entry.connections.end());
    for (auto& weak : pool.duplexes)
      if (auto strong = weak.lock()) duplexes.push_back(std::move(strong));
    pool.wake();
  }
  pool.stopping.stop();
  for (auto& c : all)
    c->loop().post([c] { c->close(Error(Code::Cancelled, "the client has been stopped")); });
  for (auto& d : duplexes) d->request_cut();
  if (Loop::current() != nullptr) return;
  const Deadline deadline = Deadline::after(kStopWait, pool.loops.clock());
  Lock lock(pool.m);
  while (pool.connections > 0 || pool.begun > 0)
    if (!pool.changed.wait_until(pool.m, deadline)) break;
}

size_t Client::connections() const {
  Lock lock(impl_->pool->m);
  return impl_->pool->connections;
}

ResponseReader::~ResponseReader() { cancel(); }
int ResponseReader::status() const { return call_->status(); }
const Headers& ResponseReader::headers() const { return call_->response_headers(); }

Result<std::string> ResponseReader::read(const CallContext& context) {
  if (Loop::current() != nullptr) return Error(Code::InternalError, "a blocking call on an event loop");
  return call_->read(context);
}

std::optional<Result<std::string>> ResponseReader::take(std::function<void()> ready) {
  return call_->take(std::move(ready));
}

Result<std::string> ResponseReader::read_all(size_t bytes_max, const CallContext& context) {
  std::string out;
  for (;;) {
    MZ_ASSIGN(std::string chunk, read(context));
    if (chunk.empty()) return out;
    if (out.size() + chunk.size() > bytes_max)
      return Error(Code::RequestEntityTooLarge,
                   "the answer is larger than " + std::to_string(bytes_max) + " bytes");
    if (out.empty()) {
      out = std::move(chunk);
    } else {
      out += chunk;
    }
  }
}

void ResponseReader::cancel() { call_->cancel(Error(Code::Cancelled, "context canceled")); }

}  // namespace mizzen::http
