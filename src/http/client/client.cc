#include "http/client/client.h"

#include <algorithm>
#include <utility>

#include "http/client/client_call.h"
#include "http/client/client_conn.h"
#include "http/client/dial.h"
#include "http/client/h1_request.h"

namespace mizzen::http {
namespace {

constexpr int kAttemptsMax = 3;
constexpr size_t kRefusalBytesMax = 64 * 1024;
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
  if (Loop::current() != nullptr) return Error(Code::InternalError, "a blocking call on an event loop");
  return {};
}

/// `Get "https://host/path": why`, as Go's client says it.
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

}  // namespace

/// The pool and what it needs to make connections.
struct Client::Impl {
  Impl(Loops& l, Options o) : loops(l), pool(std::make_shared<ClientPool>(std::move(o))) {}

  Headers full_headers(const ClientRequest& request) const;
  /// Null for plain targets; made when first needed: the system's CA bundle costs a megabyte.
  Result<std::shared_ptr<const TlsContext>> tls_context(const Target& target, uint64_t& generation);
  Result<std::shared_ptr<ClientConn>> acquire(const Target& target, const CallContext& context);
  Result<std::shared_ptr<ClientConn>> dial_pooled(const Target& target, const std::string& key,
                                                  const CallContext& context);
  Result<std::shared_ptr<ClientCall>> call(const ClientRequest& request, const CallContext& context);
  DuplexPtr to_duplex(BlockingSocket& socket, std::string early_input);
  CallContext dial_context(const CallContext& context) const {
    return {Deadline::at(std::min(context.deadline.when(),
                                  Deadline::after(pool->options.connect_timeout, loops.clock()).when()),
                         loops.clock()),
            context.stop};
  }
  Socket adopt(Loop& loop, FdEvents& events, int fd, std::unique_ptr<Transport> transport) {
    Socket socket;
    socket.watch = loop.watch(fd, events);
    socket.transport = std::move(transport);
    return socket;
  }

  Loops& loops;
  const std::shared_ptr<ClientPool> pool;
};

Headers Client::Impl::full_headers(const ClientRequest& request) const {
  Headers headers = request.headers;
  if (!headers.has("User-Agent")) headers.add("User-Agent", pool->options.user_agent);
  if (pool->options.bearer_token && !headers.has("Authorization")) {
    const std::string token = pool->options.bearer_token();
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
  }
  return headers;
}

Result<std::shared_ptr<const TlsContext>> Client::Impl::tls_context(const Target& target,
                                                                    uint64_t& generation) {
  if (!target.tls) return std::shared_ptr<const TlsContext>();
  Lock lock(pool->m);
  if (!pool->tls) {
    MZ_ASSIGN(pool->tls, TlsContext::client(pool->options.tls));
  }
  generation = pool->tls_generation;
  return pool->tls;
}

Result<std::shared_ptr<ClientConn>> Client::Impl::acquire(const Target& target, const CallContext& context) {
  const std::string key = target.str();
  const std::shared_ptr<void> stopping = context.stop.on_stop([pool = pool] {
    Lock lock(pool->m);
    pool->changed.notify_all();
  });
  {
    Lock lock(pool->m);
    for (;;) {
      if (pool->stopped) return Error(Code::Cancelled, "the client has been stopped");
      if (context.stop.stopped()) return Error(Code::Cancelled, "context canceled");
      TargetPool& entry = pool->targets[key];
      for (const auto& c : entry.connections) {
        if (!c->usable || c->in_use >= c->limit) continue;
        ++c->in_use;
        return c;
      }
      // Where HTTP/2 is likely, one dial serves all who wait.
      const bool wait_for_dial =
          entry.dialing > 0 && target.tls && pool->options.tls.http2 && (!entry.seen || entry.speaks_h2);
      if (!wait_for_dial &&
          entry.connections.size() + entry.dialing < pool->options.connections_per_target_max) {
        ++entry.dialing;
        break;
      }
      if (!pool->changed.wait_until(pool->m, context.deadline) && context.deadline.expired())
        return Error(Code::Timeout, "context deadline exceeded");
    }
  }
  Result<std::shared_ptr<ClientConn>> made = dial_pooled(target, key, dial_context(context));
  Lock lock(pool->m);
  TargetPool& entry = pool->targets[key];
  if (entry.dialing > 0) --entry.dialing;
  pool->changed.notify_all();
  if (!made.ok()) {
    if (entry.connections.empty() && entry.dialing == 0) pool->targets.erase(key);
    return made;
  }
  if (pool->stopped) {
    std::shared_ptr<ClientConn> c = *made;
    c->loop().post([c] { c->close(Error(Code::Cancelled, "the client has been stopped")); });
    return Error(Code::Cancelled, "the client has been stopped");
  }
  return made;
}

Result<std::shared_ptr<ClientConn>> Client::Impl::dial_pooled(const Target& target, const std::string& key,
                                                              const CallContext& context) {
  uint64_t generation = 0;
  MZ_ASSIGN(std::shared_ptr<const TlsContext> tls, tls_context(target, generation));
  MZ_ASSIGN(std::unique_ptr<BlockingSocket> socket,
            BlockingSocket::dial(target, tls, tls && tls->http2(), context));
  const bool h2 = socket->transport().alpn() == "h2";
  Loop& loop = loops.next();
  std::shared_ptr<ClientConn> connection =
      h2 ? make_h2_client(loop, pool, key) : make_h1_client(loop, pool, key);
  auto [fd, transport] = socket->release();
  auto shared = std::make_shared<std::unique_ptr<Transport>>(std::move(transport));
  Lock lock(pool->m);
  TargetPool& entry = pool->targets[key];
  entry.seen = true;
  entry.speaks_h2 = h2;
  connection->in_use = 1;
  connection->tls_generation = generation;
  if (h2) connection->limit = 2;  // until its loop has begun
  entry.connections.push_back(connection);
  ++pool->connections;
  // Under the lock: who finds the connection posts to its loop too, and must come after this.
  loop.post([this_loops = &loop, connection, fd = fd, shared] {
    Socket s;
    s.watch = this_loops->watch(fd, *connection);
    s.transport = std::move(*shared);
    connection->begin(std::move(s));
  });
  return connection;
}

Result<std::shared_ptr<ClientCall>> Client::Impl::call(const ClientRequest& request,
                                                       const CallContext& context) {
  MZ_TRY(check(request));
  const Headers headers = full_headers(request);
  const std::string_view host = headers.get("Host");
  const std::string authority = host.empty() ? request.target.authority() : std::string(host);
  for (int attempt = 1;; ++attempt) {
    Result<std::shared_ptr<ClientConn>> connection = acquire(request.target, context);
    if (!connection.ok()) return explain(request, connection.error());
    auto call = std::make_shared<ClientCall>(request.method, authority, request.target.tls, request.path,
                                             headers, request.body, (*connection)->loop());
    (*connection)->loop().post([connection = *connection, call] { connection->start(call); });
    const Result<void> head = call->wait_head(context);
    if (head.ok()) return call;
    call->cancel(head.error());
    if (!call->retry_safe() || attempt >= kAttemptsMax) return explain(request, head.error());
  }
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

DuplexPtr Client::Impl::to_duplex(BlockingSocket& socket, std::string early_input) {
  Loop& loop = loops.next();
  auto duplex = std::make_shared<DuplexImpl>(loop);
  auto [fd, transport] = socket.release();
  auto shared = std::make_shared<std::unique_ptr<Transport>>(std::move(transport));
  {
    Lock lock(pool->m);
    std::erase_if(pool->duplexes, [](const auto& weak) { return weak.expired(); });
    pool->duplexes.push_back(duplex);
  }
  loop.post([loop = &loop, duplex, fd = fd, shared, early = std::move(early_input)]() mutable {
    Socket s;
    s.watch = loop->watch(fd, *duplex);
    s.transport = std::move(*shared);
    duplex->attach(std::move(s), OutQueue(), std::move(early));
  });
  return make_duplex(std::move(duplex));
}

Result<DuplexPtr> Client::dial(const Target& target, const CallContext& context) {
  if (Loop::current() != nullptr) return Error(Code::InternalError, "a blocking call on an event loop");
  uint64_t generation = 0;
  MZ_ASSIGN(std::shared_ptr<const TlsContext> tls, impl_->tls_context(target, generation));
  MZ_ASSIGN(std::unique_ptr<BlockingSocket> socket,
            BlockingSocket::dial(target, tls, false, impl_->dial_context(context)));
  return impl_->to_duplex(*socket, {});
}

Result<Upgraded> Client::dial_upgrade(const ClientRequest& request, const CallContext& context) {
  MZ_TRY(check(request));
  uint64_t generation = 0;
  MZ_ASSIGN(std::shared_ptr<const TlsContext> tls, impl_->tls_context(request.target, generation));
  auto dialled = BlockingSocket::dial(request.target, tls, false, context);
  if (!dialled.ok()) return explain(request, dialled.error());
  BlockingSocket& socket = **dialled;
  const Headers headers = impl_->full_headers(request);
  const std::string_view host = headers.get("Host");
  OutQueue out;
  out.append(h1_request_head(request.method, request.path,
                             host.empty() ? request.target.authority() : std::string(host), headers,
                             body_size(request.body), true));
  for (const Slice& slice : request.body) out.append_slice(slice);
  if (auto r = socket.write(out); !r.ok()) return explain(request, r.error());
  std::string in;
  H1Head head;
  do {
    H1HeadResult result;
    while ((result = parse_response_head(in, {}, head)).consumed == 0 && !result.fault) {
      auto more = socket.read(in);
      if (!more.ok()) return explain(request, more.error());
      if (!*more) return explain(request, Error(Code::ServiceUnavailable, "unexpected EOF"));
    }
    if (result.fault)
      return explain(request,
                     Error(Code::ServiceUnavailable, "malformed HTTP response: " + result.fault->why));
    in.erase(0, result.consumed);
  } while (head.status < 200 && head.status != 101);
  Upgraded upgraded{.status = head.status, .headers = std::move(head.headers)};
  if (upgraded.status == 101) {
    upgraded.duplex = impl_->to_duplex(socket, std::move(in));
    return upgraded;
  }
  // Refused: the answer's body is read to its end or its bound, and the connection dies here.
  H1BodyReader body = h1_response_body(head, request.method);
  for (;;) {
    auto taken = body.feed(in, upgraded.body, kRefusalBytesMax - upgraded.body.size());
    if (!taken.ok() || body.done() || upgraded.body.size() >= kRefusalBytesMax) break;
    in.erase(0, *taken);
    auto more = socket.read(in);
    if (!more.ok() || !*more) break;
  }
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
    pool.changed.notify_all();
  }
  for (auto& c : all)
    c->loop().post([c] { c->close(Error(Code::Cancelled, "the client has been stopped")); });
  for (auto& d : duplexes) d->request_cut();
  if (Loop::current() != nullptr) return;
  const Deadline deadline = Deadline::after(kStopWait, impl_->loops.clock());
  Lock lock(pool.m);
  while (pool.connections > 0)
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
