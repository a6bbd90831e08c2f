#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/strings.h"
#include "http/h2/h2_session.h"
#include "http/message/url.h"
#include "http/server/server_conn.h"
#include "telemetry/log.h"

namespace mizzen::http {
namespace {

constexpr uint32_t kStreamWindow = 128 * 1024;  // of a request body, unread
constexpr int32_t kConnectionWindow = 1024 * 1024;
constexpr int kOutboundAcksMax = 200;   // PING and SETTINGS answers waiting for a peer that does not read
constexpr double kControlBurst = 1000;  // control frames (PING, SETTINGS, PRIORITY, empty DATA)
constexpr double kControlPerSecond = 100;
constexpr Duration kLinger = std::chrono::milliseconds(300);  // for the rest of a body nobody wants
constexpr size_t kHeaderOverhead = 32;                        // counted for each field, as the protocol does

class H2Server;

/// So many at once, then so many a second.
class TokenBucket {
 public:
  TokenBucket(const Clock& clock, double burst, double per_second)
      : clock_(clock), burst_(burst), per_second_(per_second), tokens_(burst), last_(clock.monotonic()) {}
  bool take() {
    const Monotonic now = clock_.monotonic();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_) - 1;
    return tokens_ >= 0;
  }

 private:
  const Clock& clock_;
  const double burst_;
  const double per_second_;
  double tokens_;
  Monotonic last_;
};

/// One stream: a request and its answer.
class H2Stream final : public Wire {
 public:
  H2Stream(H2Server& server, Loop& loop, int32_t id) : Wire(loop), server_(server), id_(id) {}
  void respond(int status, Headers headers, Body body) override;
  void start_stream(int status, Headers headers, std::shared_ptr<StreamCore> core) override;
  void stream_ready() override;
  void cut() override;
  void upgrade(Headers, std::shared_ptr<DuplexImpl> duplex) override {
    duplex->fail(Error(Code::BadRequest, "an upgrade needs HTTP/1.1"));
  }

 private:
  friend class H2Server;
  void body_taken(size_t n) override;
  void submit(int status, const Headers& headers, std::optional<size_t> length, bool body);

  H2Server& server_;
  const int32_t id_;
  std::unique_ptr<Request> request_ = std::make_unique<Request>();  // until dispatched
  size_t header_bytes_ = 0;
  H2Pending pending_;
  bool head_request_ = false;
  bool body_whole_ = false;  ///< pending_ holds all that will come
  bool counted_ = false;     ///< among server_.whole_bodies_
  bool deferred_ = false;
  bool refused_ = false;
};

/// Role: HTTP/2 on one connection. Bounds: Options and the constants above; floods end with GOAWAY.
class H2Server final : public ServerProtocol {
 public:
  explicit H2Server(ServerConn& connection);
  void on_input(std::string_view bytes) override;
  void on_input_end() override { conn_.close(); }
  void on_drained() override { pump(); }
  void drain() override;
  void on_closed() override;

 private:
  friend class H2Stream;
  static H2Server& self(void* user) { return *static_cast<H2Server*>(user); }
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame*, void*);
  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t, const uint8_t*, size_t,
                       uint8_t, void*);
  static int on_frame_recv(nghttp2_session*, const nghttp2_frame*, void*);
  static int on_data_chunk(nghttp2_session*, uint8_t, int32_t, const uint8_t*, size_t, void*);
  static int on_stream_close(nghttp2_session*, int32_t, uint32_t, void*);
  static int on_frame_send(nghttp2_session*, const nghttp2_frame*, void*);
  static ssize_t read_data(nghttp2_session*, int32_t, uint8_t*, size_t, uint32_t*, nghttp2_data_source*,
                           void*);
  static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t*, size_t, nghttp2_data_source*, void*);

  H2Stream* find(int32_t id) {
    auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : it->second.get();
  }
  void headers_complete(H2Stream& stream, bool end_stream);
  void calm_down();
  void pump();
  void schedule_pump();
  void fail(const char* why, uint32_t code);
  void update_timer();
  void body_done(H2Stream& stream);
  void watch_flow();
  void linger(int32_t id);

  ServerConn& conn_;
  H2SessionPtr session_;
  std::unordered_map<int32_t, std::unique_ptr<H2Stream>> streams_;
  TokenBucket control_;
  TokenBucket resets_;
  size_t whole_bodies_ = 0;  ///< answers whose rest waits for the peer's window
  Loop::TimerId flow_timer_ = 0;
  bool flowed_ = false;             ///< DATA went out since the flow timer was armed
  std::vector<int32_t> lingering_;  ///< answered, and their bodies still come
  Loop::TimerId linger_timer_ = 0;
  bool receiving_ = false;
  bool pumping_ = false;
  bool pump_scheduled_ = false;
  bool goaway_ = false;
  bool flooded_ = false;
  bool seen_request_ = false;
  bool header_open_ = false;
  enum class Timer { None, Header, Idle };
  Timer timer_ = Timer::None;
};

// --- H2Stream

void H2Stream::submit(int status, const Headers& headers, std::optional<size_t> length, bool body) {
  const std::string status_text = std::to_string(status);
  std::vector<std::string> names;  // lower case copies must outlive the call
  names.reserve(headers.size());
  std::string length_text;
  std::vector<nghttp2_nv> fields;
  fields.reserve(headers.size() + 3);
  fields.push_back(h2_field(":status", status_text));
  bool has_date = false;
  for (const Header& h : headers) {
    if (hop_by_hop(h.name) || !valid_header_name(h.name) || !valid_header_value(h.value)) continue;
    names.push_back(to_lower(h.name));
    has_date = has_date || names.back() == "date";
    fields.push_back(h2_field(names.back(), h.value));
  }
  if (!has_date) fields.push_back(h2_field("date", date_header(loop_.clock())));
  if (length) {
    length_text = std::to_string(*length);
    fields.push_back(h2_field("content-length", length_text));
  }
  nghttp2_data_provider provider{};
  provider.read_callback = H2Server::read_data;
  nghttp2_submit_response(server_.session_.get(), id_, fields.data(), fields.size(),
                          body ? &provider : nullptr);
  server_.schedule_pump();
}

void H2Stream::respond(int status, Headers headers, Body body) {
  if (status < 200 || status > 999) {
    status = 500;
    body.clear();
  }
  const bool no_body = status == 204 || status == 304;
  const size_t size = body_size(body);
  if (!head_request_ && !no_body)
    for (Slice& slice : body) pending_.push(std::move(slice));
  body_whole_ = true;
  counted_ = pending_.size() > 0;
  if (counted_) ++server_.whole_bodies_;
  submit(status, headers, no_body ? std::nullopt : std::optional<size_t>(size), pending_.size() > 0);
}

void H2Stream::start_stream(int status, Headers headers, std::shared_ptr<StreamCore> core) {
  if (head_request_ || status == 204 || status == 304) {
    body_whole_ = true;
    submit(status, headers, std::nullopt, false);
    core->close();
    return;
  }
  core_ = std::move(core);
  submit(status, headers, std::nullopt, true);
}

void H2Stream::stream_ready() {
  if (!core_) return;
  if (core_->was_cut()) return cut();
  if (!deferred_) return;
  deferred_ = false;
  nghttp2_session_resume_data(server_.session_.get(), id_);
  server_.schedule_pump();
}

void H2Stream::cut() {
  nghttp2_submit_rst_stream(server_.session_.get(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  server_.schedule_pump();
}

void H2Stream::body_taken(size_t n) {
  if (n == 0) return;
  nghttp2_session_consume_stream(server_.session_.get(), id_, n);
  server_.schedule_pump();
}

// --- H2Server

H2Server::H2Server(ServerConn& connection)
    : conn_(connection),
      control_(connection.loop().clock(), kControlBurst, kControlPerSecond),
      resets_(connection.loop().clock(), connection.options().reset_burst,
              connection.options().resets_per_second) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_outbound_ack(option, kOutboundAcksMax);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_continuations(option, 8);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, 4096);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, this, option);
  session_.reset(session);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, conn_.options().streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(conn_.options().header_bytes_max)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 0},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  update_timer();
  schedule_pump();
}

void H2Server::on_input(std::string_view bytes) {
  receiving_ = true;
  const ssize_t n =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  receiving_ = false;
  if (conn_.closed()) return;
  if (n < 0) {
    conn_.shared().bad_requests.fetch_add(1);
    log::verbose(3, "http", "HTTP/2 connection error",
                 {log::kv("err", nghttp2_strerror(static_cast<int>(n)))});
    const bool flood = n == NGHTTP2_ERR_FLOODED;
    return fail("protocol error", flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  }
  pump();
}

void H2Server::fail(const char* why, uint32_t code) {
  nghttp2_session_terminate_session(session_.get(), code);
  log::verbose(3, "http", "closing an HTTP/2 connection", {log::kv("why", why)});
  pump();
  if (!conn_.closed()) conn_.close_gently();
}

void H2Server::drain() {
  goaway_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR, nullptr,
                        0);
  pump();
  if (!conn_.closed() && streams_.empty()) conn_.close_gently();
}

void H2Server::on_closed() {
  if (flow_timer_ != 0) conn_.loop().cancel(flow_timer_);
  flow_timer_ = 0;
  if (linger_timer_ != 0) conn_.loop().cancel(linger_timer_);
  linger_timer_ = 0;
  auto streams = std::move(streams_);
  streams_.clear();
  streams.clear();  // each ends its exchange
}

void H2Server::schedule_pump() {
  if (pump_scheduled_ || receiving_ || pumping_) return;
  pump_scheduled_ = true;
  conn_.loop().post([this, keep = conn_.shared_from_this()] {
    pump_scheduled_ = false;
    pump();
  });
}

void H2Server::pump() {
  if (receiving_ || pumping_ || conn_.closed()) return;
  pumping_ = true;
  for (;;) {
    while (conn_.out().size() < kOutHighWater) {
      const uint8_t* data = nullptr;
      const ssize_t n = nghttp2_session_mem_send(session_.get(), &data);
      if (n < 0) {
        pumping_ = false;
        return conn_.close();
      }
      if (n == 0) break;
      conn_.out().append(std::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(n)));
    }
    if (conn_.out().empty()) break;
    conn_.flush_out();
    if (conn_.closed() || !conn_.out().empty()) break;
  }
  pumping_ = false;
  if (conn_.closed()) return;
  const bool over =
      nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
  if ((over || (goaway_ && streams_.empty())) && conn_.out().empty()) return conn_.close_gently();
  update_timer();
  watch_flow();
}

void H2Server::body_done(H2Stream& stream) {
  if (std::exchange(stream.counted_, false)) --whole_bodies_;
}

// A peer that asks for big answers and then opens no window for them holds their memory. The stall timer of
// the channel does not see it: nothing is waiting there.
void H2Server::watch_flow() {
  if (whole_bodies_ == 0 || flow_timer_ != 0 || conn_.options().write_stall_timeout == Duration::zero())
    return;
  flowed_ = false;
  flow_timer_ = conn_.loop().after(conn_.options().write_stall_timeout, [this] {
    flow_timer_ = 0;
    if (whole_bodies_ > 0 && !flowed_) return conn_.close();
    watch_flow();
  });
}

void H2Server::update_timer() {
  Timer wanted = Timer::None;
  if (header_open_ || !seen_request_) {
    wanted = Timer::Header;
  } else if (streams_.empty()) {
    wanted = Timer::Idle;
  }
  if (wanted == timer_) return;
  timer_ = wanted;
  if (wanted == Timer::None) return conn_.clear_timer();
  conn_.set_timer(wanted == Timer::Idle ? conn_.options().idle_timeout : conn_.options().header_timeout);
}

void H2Server::calm_down() {
  if (flooded_) return;
  flooded_ = true;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
  conn_.shared().bad_requests.fetch_add(1);
}

int H2Server::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Server& s = self(user);
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  s.header_open_ = true;
  if (s.streams_.size() >= s.conn_.options().streams_max || s.goaway_ || s.flooded_) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  auto stream = std::make_unique<H2Stream>(s, s.conn_.loop(), frame->hd.stream_id);
  stream->request_->protocol = "HTTP/2.0";
  s.streams_.emplace(frame->hd.stream_id, std::move(stream));
  return 0;
}

int H2Server::on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                        size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void* user) {
  H2Server& s = self(user);
  H2Stream* stream = s.find(frame->hd.stream_id);
  if (stream == nullptr || !stream->request_ || stream->refused_) return 0;  // trailers are read and dropped
  Request& request = *stream->request_;
  const std::string_view n(reinterpret_cast<const char*>(name), name_size);
  std::string v(reinterpret_cast<const char*>(value), value_size);
  stream->header_bytes_ += name_size + value_size + kHeaderOverhead;
  if (stream->header_bytes_ > s.conn_.options().header_bytes_max ||
      request.headers.size() >= s.conn_.options().headers_max) {
    stream->refused_ = true;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_ENHANCE_YOUR_CALM);
    s.conn_.shared().bad_requests.fetch_add(1);
    return 0;
  }
  if (n == ":method") {
    request.method = std::move(v);
  } else if (n == ":path") {
    const size_t mark = v.find('?');
    request.path = v.substr(0, mark);
    if (mark != std::string::npos) request.query = v.substr(mark + 1);
  } else if (n == ":authority") {
    request.authority = std::move(v);
  } else if (!n.empty() && n.front() != ':') {
    request.headers.add(std::string(n), std::move(v));
  }
  return 0;
}

int H2Server::on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  H2Server& s = self(user);
  const bool end_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
      if (!s.control_.take()) s.calm_down();
      return 0;
    case NGHTTP2_RST_STREAM:
      if (!s.resets_.take()) s.calm_down();
      return 0;
    case NGHTTP2_DATA:
      if (frame->hd.length == 0 && !end_stream && !s.control_.take()) {
        s.calm_down();
        return 0;
      }
      break;
    case NGHTTP2_HEADERS:
      s.header_open_ = false;
      break;
    default:
      return 0;
  }
  H2Stream* stream = s.find(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  if (frame->hd.type == NGHTTP2_HEADERS && stream->request_) {
    s.headers_complete(*stream, end_stream);
  } else if (end_stream) {
    stream->body_ended();
    stream->deliver_body();
  }
  return 0;
}

void H2Server::headers_complete(H2Stream& stream, bool end_stream) {
  if (stream.refused_) return;
  seen_request_ = true;
  std::unique_ptr<Request> request = std::move(stream.request_);
  if (request->authority.empty()) request->authority = std::string(request->headers.get("host"));
  std::shared_ptr<WireLink> link = stream.open_link();
  if (end_stream) stream.body_ended();
  stream.head_request_ = request->method == "HEAD";
  bool bad = request->path.empty() || (request->path.front() != '/' && request->path != "*");
  for (const char c : request->path + request->query)
    bad = bad || static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f;
  bad = bad || !valid_header_name(request->method) || request->method == "CONNECT" ||
        request->headers.count("content-length") > 1;
  const int32_t id = stream.id_;
  if (bad) {
    conn_.shared().bad_requests.fetch_add(1);
    stream.respond(400, {{"content-type", "text/plain; charset=utf-8"}},
                   {Slice("400 Bad Request: malformed request target\n")});
    return;
  }
  conn_.dispatch(std::move(*request), std::move(link));
  if (H2Stream* still = find(id); still != nullptr) still->deliver_body();
}

int H2Server::on_data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
                            void* user) {
  H2Server& s = self(user);
  nghttp2_session_consume_connection(session, size);
  H2Stream* stream = s.find(id);
  if (stream == nullptr || !stream->link_) return 0;
  stream->body_arrived({reinterpret_cast<const char*>(data), size});
  stream->deliver_body();
  return 0;
}

int H2Server::on_stream_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
  H2Server& s = self(user);
  auto it = s.streams_.find(id);
  if (it == s.streams_.end()) return 0;
  std::unique_ptr<H2Stream> stream = std::move(it->second);
  s.streams_.erase(it);
  s.body_done(*stream);
  return 0;  // ends the exchange
}

int H2Server::on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Server& s = self(user);
  const bool carries = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (!carries || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  if (s.find(frame->hd.stream_id) != nullptr &&
      nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0)
    s.linger(frame->hd.stream_id);
  return 0;
}

// The answer is complete and the client still sends its body: it is told to stop (RFC 9113, 8.1), but not at
// once: what is already on its way mostly ends the stream by itself, and clients in use (curl 7.88) lose an
// answer that is followed by a reset. Meanwhile the stream's window bounds what can come.
void H2Server::linger(int32_t id) {
  lingering_.push_back(id);
  if (linger_timer_ != 0) return;
  linger_timer_ = conn_.loop().after(kLinger, [this] {
    linger_timer_ = 0;
    for (const int32_t open : std::exchange(lingering_, {}))
      if (find(open) != nullptr)
        nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, open, NGHTTP2_NO_ERROR);
    pump();
  });
}

ssize_t H2Server::read_data(nghttp2_session*, int32_t id, uint8_t*, size_t length, uint32_t* flags,
                            nghttp2_data_source*, void* user) {
  H2Stream* stream = self(user).find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::shared_ptr<StreamCore> core = stream->core_;
  Slice slice;
  while (core && stream->pending_.size() < length && core->take(slice))
    stream->pending_.push(std::move(slice));
  const size_t n = std::min(length, stream->pending_.size());
  const bool all = n == stream->pending_.size() && (stream->body_whole_ || (core && core->at_end()));
  if (n == 0 && !all) {
    stream->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (all) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(n);
}

int H2Server::send_data(nghttp2_session*, nghttp2_frame* frame, const uint8_t* head, size_t length,
                        nghttp2_data_source*, void* user) {
  H2Server& s = self(user);
  H2Stream* stream = s.find(frame->hd.stream_id);
  if (stream == nullptr || stream->pending_.size() < length) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  OutQueue& out = s.conn_.out();
  // The library goes on by itself from frame to frame, as far as the peer's window reaches: what nobody can
  // take yet must not be made.
  if (out.size() >= kOutHighWater) return NGHTTP2_ERR_WOULDBLOCK;
  out.append(std::string_view(reinterpret_cast<const char*>(head), 9));
  if (frame->data.padlen > 0) {
    const char pad = static_cast<char>(frame->data.padlen - 1);
    out.append(std::string_view(&pad, 1));
  }
  stream->pending_.move(length, out);
  s.flowed_ = true;
  if (stream->pending_.size() == 0) s.body_done(*stream);
  if (frame->data.padlen > 1) out.append(std::string_view(std::string(frame->data.padlen - 1, '\0')));
  return 0;
}

}  // namespace

std::unique_ptr<ServerProtocol> make_h2_server(ServerConn& connection) {
  return std::make_unique<H2Server>(connection);
}

}  // namespace mizzen::http
