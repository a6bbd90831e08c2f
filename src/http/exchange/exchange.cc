#include "http/exchange/exchange.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "http/exchange/duplex_impl.h"
#include "http/exchange/wire.h"

namespace mizzen::http {
namespace {

/// Runs `f` with the wire: at once on its loop, else soon. Nothing where the exchange is over by then.
template <typename F>
void with_wire(const std::shared_ptr<WireLink>& link, F f) {
  if (link->loop.on_thread()) {
    if (link->wire != nullptr) f(*link->wire);
    return;
  }
  link->loop.post([link, f = std::move(f)]() mutable {
    if (link->wire != nullptr) f(*link->wire);
  });
}

Error too_large(size_t bytes_max) {
  return Error(Code::RequestEntityTooLarge,
               "Request entity too large: limit is " + std::to_string(bytes_max));
}

/// Gathers chunks until the end; holds itself through its callback.
struct BodyCollector : std::enable_shared_from_this<BodyCollector> {
  std::shared_ptr<WireLink> link;
  size_t bytes_max;
  std::string body;
  std::function<void(Result<std::string>)> done;
  Loop::TimerId timer = 0;

  void next() {
    if (!done) return;
    if (link->wire == nullptr) return finish(Error(Code::Cancelled, "the client closed the connection"));
    link->wire->read_chunk([self = shared_from_this()](Result<std::string> chunk) {
      if (!chunk.ok()) return self->finish(chunk.error());
      if (chunk->empty()) return self->finish(std::move(self->body));
      if (self->body.size() + chunk->size() > self->bytes_max)
        return self->finish(too_large(self->bytes_max));
      if (self->body.empty()) {
        self->body = std::move(*chunk);
      } else {
        self->body += *chunk;
      }
      self->next();
    });
  }
  void begin(Duration timeout) {
    timer = link->loop.after(timeout, [self = shared_from_this()] {
      self->timer = 0;
      self->finish(Error(Code::Timeout, "the request body did not arrive in time"));
    });
    next();
  }
  void finish(Result<std::string> result) {
    if (!done) return;
    if (timer != 0) link->loop.cancel(timer);
    timer = 0;
    auto f = std::move(done);
    done = nullptr;
    f(std::move(result));
  }
};

}  // namespace

Stream::~Stream() { finish(); }

Stream::Write Stream::write(Slice slice) {
  bool wake = false;
  const Write result = core_->push(std::move(slice), wake);
  if (wake) wake_stream(core_);
  return result;
}

std::vector<Stream::Write> Stream::write_batch(std::span<const std::pair<Stream*, Slice>> writes) {
  std::vector<Write> results;
  results.reserve(writes.size());
  std::map<Loop*, std::vector<std::shared_ptr<StreamCore>>> wakes;
  for (const auto& [stream, slice] : writes) {
    bool wake = false;
    results.push_back(stream->core_->push(Slice(slice), wake));
    if (wake) wakes[&stream->core_->link->loop].push_back(stream->core_);
  }
  for (auto& [loop, cores] : wakes)
    loop->post([cores = std::move(cores)] {
      for (const auto& core : cores) run_stream(core);
    });
  return results;
}

void Stream::finish() {
  if (core_->end(false)) wake_stream(core_);
}

void Stream::cut() {
  if (core_->end(true)) wake_stream(core_);
}

size_t Stream::buffered_bytes() const {
  Lock lock(core_->m);
  return core_->buffered;
}

bool Stream::closed() const {
  Lock lock(core_->m);
  return core_->closed;
}

void Stream::on_drained(std::function<void()> f) {
  Lock lock(core_->m);
  if (!core_->closed) core_->on_drained = std::move(f);
}

void Stream::on_closed(std::function<void()> f) {
  {
    Lock lock(core_->m);
    if (!core_->closed) {
      core_->on_closed = std::move(f);
      return;
    }
  }
  f();
}

Exchange::Exchange(Request request, std::shared_ptr<WireLink> link, Loop& loop, Limits limits)
    : request_(std::move(request)), link_(std::move(link)), loop_(loop), limits_(limits) {}

Exchange::~Exchange() {
  if (!answered_.load()) respond_text(500, "the request was dropped without an answer");
}

bool Exchange::take_answer() { return !answered_.exchange(true); }

void Exchange::read_chunk(std::function<void(Result<std::string>)> done) {
  auto shared = std::make_shared<std::function<void(Result<std::string>)>>(std::move(done));
  auto run = [link = link_, shared] {
    if (link->wire != nullptr) return link->wire->read_chunk(std::move(*shared));
    (*shared)(Error(Code::Cancelled, "the client closed the connection"));
  };
  if (loop_.on_thread()) {
    run();
  } else {
    loop_.post(std::move(run));
  }
}

void Exchange::read_body(size_t bytes_max, std::function<void(Result<std::string>)> done) {
  auto collector = std::make_shared<BodyCollector>();
  collector->link = link_;
  collector->bytes_max = std::min(bytes_max, limits_.body_bytes_max);
  collector->done = std::move(done);
  auto run = [text = std::string(request_.headers.get("content-length")), collector,
              timeout = limits_.body_timeout] {
    const auto length = parse_int<uint64_t>(text);
    if (length && *length > collector->bytes_max) return collector->finish(too_large(collector->bytes_max));
    collector->begin(timeout);
  };
  if (loop_.on_thread()) {
    run();
  } else {
    loop_.post(std::move(run));
  }
}

void Exchange::respond(int status, Headers headers, Body body) {
  if (!take_answer()) return;
  with_wire(link_, [status, headers = std::move(headers), body = std::move(body)](Wire& wire) mutable {
    wire.respond(status, std::move(headers), std::move(body));
  });
}

void Exchange::respond_text(int status, std::string_view text) {
  respond(status, {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
          Slice(std::string(text) + "\n"));
}

StreamPtr Exchange::start_stream(int status, Headers headers) {
  if (!take_answer()) return nullptr;
  auto core = std::make_shared<StreamCore>(link_, limits_.stream_buffer_bytes_max);
  auto run = [link = link_, core, status, headers = std::move(headers)]() mutable {
    if (link->wire != nullptr) {
      link->wire->start_stream(status, std::move(headers), core);
    } else {
      core->close();
    }
  };
  if (loop_.on_thread()) {
    run();
  } else {
    loop_.post(std::move(run));
  }
  return std::make_shared<Stream>(std::move(core));
}

bool Exchange::wants_upgrade() const {
  return request_.protocol == "HTTP/1.1" && request_.headers.has_token("Connection", "upgrade") &&
         !request_.headers.get("Upgrade").empty();
}

Result<DuplexPtr> Exchange::upgrade(Headers headers) {
  if (request_.protocol != "HTTP/1.1") return Error(Code::BadRequest, "an upgrade needs HTTP/1.1");
  if (!wants_upgrade()) return Error(Code::BadRequest, "the request does not ask for an upgrade");
  const std::string_view length = request_.headers.get("Content-Length");
  if (request_.headers.has("Transfer-Encoding") || (!length.empty() && length != "0"))
    return Error(Code::BadRequest, "an upgrade request must not have a body");
  if (!take_answer()) return Error(Code::InternalError, "the request has been answered already");
  auto impl = std::make_shared<DuplexImpl>(loop_);
  auto run = [link = link_, impl, headers = std::move(headers)]() mutable {
    if (link->wire != nullptr) {
      link->wire->upgrade(std::move(headers), impl);
    } else {
      impl->fail(Error(Code::Cancelled, "the client closed the connection"));
    }
  };
  if (loop_.on_thread()) {
    run();
  } else {
    loop_.post(std::move(run));
  }
  return make_duplex(std::move(impl));
}

StopToken Exchange::gone() {
  Lock lock(link_->m);
  if (link_->over) {
    StopSource source;
    source.stop();
    return source.token();
  }
  if (!link_->stop) link_->stop = std::make_unique<StopSource>();
  return link_->stop->token();
}

}  // namespace mizzen::http
