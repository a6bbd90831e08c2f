#include "streaming/stream_translate.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "async/mutex.h"
#include "http/spdy/codec.h"

namespace mizzen::http {
namespace {

constexpr uint8_t kStdin = 0;
constexpr uint8_t kStdout = 1;
constexpr uint8_t kStderr = 2;
constexpr uint8_t kError = 3;
constexpr uint8_t kResize = 4;
constexpr uint8_t kCloseSignal = 255;
constexpr size_t kErrorBytesMax = 64 * 1024;
constexpr std::string_view kSuccess = R"({"metadata":{},"status":"Success"})";

std::string on_channel(uint8_t channel, std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 1);
  out += static_cast<char>(channel);
  return out.append(bytes);
}

/// Writes to a side that may be full: what does not fit waits here, and the source is paused meanwhile.
/// Threading: thread-safe. Bounds: what one event of a paused source can still bring.
class Outlet {
 public:
  explicit Outlet(std::function<Duplex::Write(const std::string&)> write) : write_(std::move(write)) {}
  /// False where the far side has closed. `slow` is set where the source should pause.
  bool put(std::string bytes, bool& slow) {
    Lock lock(m_);
    if (waiting_.empty()) {
      const Duplex::Write result = write_(bytes);
      if (result == Duplex::Write::Closed) return false;
      if (result == Duplex::Write::Ok) return true;
    }
    waiting_.push_back(std::move(bytes));
    slow = true;
    return true;
  }
  /// The far side has room again; true where all has gone out.
  bool drain() {
    Lock lock(m_);
    size_t done = 0;
    while (done < waiting_.size() && write_(waiting_[done]) == Duplex::Write::Ok) ++done;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
    return waiting_.empty();
  }

 private:
  const std::function<Duplex::Write(const std::string&)> write_;
  Mutex m_;
  std::vector<std::string> waiting_ MZ_GUARDED_BY(m_);
};

/// One session. SPDY frames are read on the SPDY side's loop, messages on the client's; both may write to
/// both.
class Translator final : public SpdySink, public std::enable_shared_from_this<Translator> {
 public:
  Translator(std::shared_ptr<WebSocket> client, DuplexPtr spdy, TranslateOptions options)
      : client_(std::move(client)),
        spdy_(std::move(spdy)),
        options_(std::move(options)),
        to_spdy_([this](const std::string& bytes) { return spdy_->write(Slice(bytes)); }),
        to_client_([this](const std::string& bytes) { return client_->send(bytes, true); }) {}
  void start();

 private:
  void open_streams();
  void from_client(std::string_view message);
  void from_spdy(std::string_view bytes);
  void stream_ended(uint32_t stream);
  void check_end();
  void send_to_client(uint8_t channel, std::string_view bytes);
  void send_to_spdy(std::string bytes);
  void finish(std::string_view status);
  void fail(const std::string& why);
  void side_closed();

  void on_syn_stream(uint32_t stream, const Headers&, bool) override {
    send_to_spdy(SpdyEncoder::reset(stream, SpdyReset::RefusedStream));
  }
  void on_syn_reply(uint32_t stream, const Headers&, bool fin) override {
    if (fin) stream_ended(stream);
  }
  void on_data(uint32_t stream, std::string_view bytes, bool fin) override;
  void on_reset(uint32_t stream, uint32_t) override { stream_ended(stream); }
  void on_ping(uint32_t id) override {
    if (id % 2 == 0) send_to_spdy(SpdyEncoder::ping(id));  // theirs are even; ours are never sent
  }
  void on_goaway(uint32_t) override {}

  const std::shared_ptr<WebSocket> client_;
  const DuplexPtr spdy_;
  const TranslateOptions options_;
  Outlet to_spdy_;
  Outlet to_client_;
  // Fixed after start().
  uint32_t error_stream_ = 0;
  uint32_t stdin_stream_ = 0;
  uint32_t stdout_stream_ = 0;
  uint32_t stderr_stream_ = 0;
  uint32_t resize_stream_ = 0;
  // SPDY side's loop.
  SpdyDecoder decoder_;
  std::string error_;
  bool error_ended_ = false;
  bool stdout_ended_ = true;
  bool stderr_ended_ = true;
  // Client's loop.
  bool stdin_ended_ = false;
  bool resize_ended_ = false;

  std::atomic<bool> finished_ = false;
  std::atomic<int> sides_closed_ = 0;
};

void Translator::start() {
  const uint8_t first = options_.stdout_wanted ? kStdout : options_.stderr_wanted ? kStderr : kError;
  client_->send(on_channel(first, ""), true);  // tells the client that the session stands
  open_streams();
  auto self = shared_from_this();
  spdy_->start({
      .on_data = [self](std::string_view bytes) { self->from_spdy(bytes); },
      .on_eof = [self] { self->fail("the connection to the container was closed"); },
      .on_drained =
          [self] {
            if (self->to_spdy_.drain()) self->client_->resume();
          },
      .on_closed =
          [self](const Error& error) {
            self->fail(error.message());
            self->side_closed();
          },
  });
  client_->start({
      .on_message = [self](std::string_view message, bool) { self->from_client(message); },
      .on_drained =
          [self] {
            if (!self->to_client_.drain()) return;
            if (self->finished_) return self->client_->close(1000, "");
            self->spdy_->resume();
          },
      .on_closed =
          [self](uint16_t, std::string_view) {
            self->finished_ = true;
            self->spdy_->close();
            self->side_closed();
          },
  });
}

void Translator::open_streams() {
  SpdyEncoder encoder;
  uint32_t next = 1;
  std::string out;
  const auto open = [&](const char* type) {
    const uint32_t id = next;
    next += 2;
    out += encoder.syn_stream(id, {{"streamtype", type}});
    return id;
  };
  error_stream_ = open("error");
  if (options_.stdin_wanted) stdin_stream_ = open("stdin");
  if (options_.stdout_wanted) {
    stdout_stream_ = open("stdout");
    stdout_ended_ = false;
  }
  if (options_.stderr_wanted && !options_.tty) {
    stderr_stream_ = open("stderr");
    stderr_ended_ = false;
  }
  if (options_.tty) resize_stream_ = open("resize");
  send_to_spdy(std::move(out));
}

void Translator::from_client(std::string_view message) {
  if (message.empty() || finished_) return;
  const auto channel = static_cast<uint8_t>(message[0]);
  const std::string_view bytes = message.substr(1);
  if (channel == kCloseSignal) {
    if (bytes.size() != 1) return client_->close(1002, "a channel must follow the close signal");
    const auto which = static_cast<uint8_t>(bytes[0]);
    if (which == kStdin && stdin_stream_ != 0 && !std::exchange(stdin_ended_, true))
      send_to_spdy(SpdyEncoder::data(stdin_stream_, "", true));
    if (which == kResize && resize_stream_ != 0 && !std::exchange(resize_ended_, true))
      send_to_spdy(SpdyEncoder::data(resize_stream_, "", true));
    return;
  }
  if (bytes.empty()) return;
  if (channel == kStdin && stdin_stream_ != 0 && !stdin_ended_)
    send_to_spdy(SpdyEncoder::data(stdin_stream_, bytes, false));
  if (channel == kResize && resize_stream_ != 0 && !resize_ended_)
    send_to_spdy(SpdyEncoder::data(resize_stream_, bytes, false));
}

void Translator::from_spdy(std::string_view bytes) {
  if (finished_) return;
  const Result<void> r = decoder_.feed(bytes, *this);
  if (!r.ok()) return fail(r.error().message());
  if (client_->buffered_bytes() * 2 > kDuplexBufferBytesMax) spdy_->pause();
}

void Translator::on_data(uint32_t stream, std::string_view bytes, bool fin) {
  if (stream == stdout_stream_ && !bytes.empty()) send_to_client(kStdout, bytes);
  if (stream == stderr_stream_ && !bytes.empty()) send_to_client(kStderr, bytes);
  if (stream == error_stream_)
    error_.append(bytes.substr(0, kErrorBytesMax - std::min(kErrorBytesMax, error_.size())));
  if (fin) stream_ended(stream);
}

void Translator::stream_ended(uint32_t stream) {
  if (stream == 0) return;
  if (stream == error_stream_) error_ended_ = true;
  if (stream == stdout_stream_) stdout_ended_ = true;
  if (stream == stderr_stream_) stderr_ended_ = true;
  check_end();
}

void Translator::check_end() {
  if (error_ended_ && stdout_ended_ && stderr_ended_)
    finish(error_.empty() ? kSuccess : std::string_view(error_));
}

void Translator::send_to_client(uint8_t channel, std::string_view bytes) {
  bool slow = false;
  if (!to_client_.put(on_channel(channel, bytes), slow)) return;  // on_closed follows
  if (slow) spdy_->pause();
}

void Translator::send_to_spdy(std::string bytes) {
  bool slow = false;
  if (!to_spdy_.put(std::move(bytes), slow)) return;
  if (slow || spdy_->buffered_bytes() * 2 > spdy_->buffer_bytes_max()) client_->pause();
}

void Translator::finish(std::string_view status) {
  if (finished_.exchange(true)) return;
  bool slow = false;
  to_client_.put(on_channel(kError, status), slow);
  if (!slow) client_->close(1000, "");  // else once the client has taken it all
  spdy_->close();
}

void Translator::fail(const std::string& why) {
  if (finished_) return;
  // A server that closes at once after its last word did its part.
  if (!error_.empty()) return finish(error_);
  finish(options_.failure_status ? options_.failure_status(why) : std::string());
}

void Translator::side_closed() {
  if (sides_closed_.fetch_add(1) == 1 && options_.done) options_.done();
}

}  // namespace

void translate_streams(std::shared_ptr<WebSocket> client, DuplexPtr spdy, TranslateOptions options) {
  std::make_shared<Translator>(std::move(client), std::move(spdy), std::move(options))->start();
}

void refuse_streams(const std::shared_ptr<WebSocket>& client, std::string_view status_json) {
  // Its own callbacks keep it alive until the client has gone.
  client->start({.on_closed = [client](uint16_t, std::string_view) {}});
  client->send(on_channel(kError, status_json), true);
  client->close(1000, "");
}

void tunnel_websocket(std::shared_ptr<WebSocket> client, DuplexPtr spdy, std::function<void()> done) {
  struct Tunnel {
    std::shared_ptr<WebSocket> client;
    DuplexPtr spdy;
    std::function<void()> done;
    std::unique_ptr<Outlet> to_spdy;
    std::unique_ptr<Outlet> to_client;
    std::atomic<int> closed = 0;
    void side_closed() {
      if (closed.fetch_add(1) == 1 && done) done();
    }
  };
  auto t = std::make_shared<Tunnel>();
  t->client = std::move(client);
  t->spdy = std::move(spdy);
  t->done = std::move(done);
  t->to_spdy = std::make_unique<Outlet>([d = t->spdy](const std::string& b) { return d->write(Slice(b)); });
  t->to_client = std::make_unique<Outlet>([w = t->client](const std::string& b) { return w->send(b, true); });
  t->spdy->start({
      .on_data =
          [t](std::string_view bytes) {
            bool slow = false;
            t->to_client->put(std::string(bytes), slow);
            if (slow || t->client->buffered_bytes() * 2 > kDuplexBufferBytesMax) t->spdy->pause();
          },
      .on_eof = [t] { t->client->close(1000, ""); },
      .on_drained =
          [t] {
            if (t->to_spdy->drain()) t->client->resume();
          },
      .on_closed =
          [t](const Error&) {
            t->client->close(1000, "");
            t->side_closed();
          },
  });
  t->client->start({
      .on_message =
          [t](std::string_view message, bool) {
            bool slow = false;
            t->to_spdy->put(std::string(message), slow);
            if (slow || t->spdy->buffered_bytes() * 2 > t->spdy->buffer_bytes_max()) t->client->pause();
          },
      .on_drained =
          [t] {
            if (t->to_client->drain()) t->spdy->resume();
          },
      .on_closed =
          [t](uint16_t, std::string_view) {
            t->spdy->close();
            t->side_closed();
          },
  });
}

std::vector<std::string> tunnelled_protocols(const Request& request) {
  std::vector<std::string> out;
  const std::string_view prefix = kTunnelPrefix;
  for (const std::string& name : WebSocket::offered(request))
    if (name.starts_with(prefix) && name.ends_with(".k8s.io")) out.push_back(name.substr(prefix.size()));
  return out;
}

}  // namespace mizzen::http
