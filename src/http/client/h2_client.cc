#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/strings.h"
#include "http/client/client_conn.h"
#include "http/client/h1_request.h"
#include "http/exchange/wire.h"

namespace mizzen::http {
namespace {

constexpr uint32_t kStreamWindow = kReaderBufferBytes;
constexpr int32_t kConnectionWindow = 4 * 1024 * 1024;
constexpr size_t kStreamsUntilTold = 100;  // until the server's SETTINGS say
constexpr size_t kStreamsMax = 1000;
constexpr size_t kHeaderBytesMax = 256 * 1024;

/// Role: HTTP/2 client connection: many calls at once. A server that stays silent while calls wait is pinged.
class H2Client final : public ClientConn {
 public:
  using ClientConn::ClientConn;

 private:
  struct Active {
    std::shared_ptr<ClientCall> call;
    int status = 0;
    Headers headers;
    size_t header_bytes = 0;
    bool head_done = false;
  };
  static H2Client& self(void* user) { return *static_cast<H2Client*>(user); }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t, const uint8_t*, size_t,
                       uint8_t, void*);
  static int on_frame_recv(nghttp2_session*, const nghttp2_frame*, void*);
  static int on_data_chunk(nghttp2_session*, uint8_t, int32_t, const uint8_t*, size_t, void*);
  static int on_stream_close(nghttp2_session*, int32_t, uint32_t, void*);
  static ssize_t read_data(nghttp2_session*, int32_t, uint8_t*, size_t, uint32_t*, nghttp2_data_source*,
                           void*);
  static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t*, size_t, nghttp2_data_source*, void*);

  void begun() override;
  void submit(const std::shared_ptr<ClientCall>& call) override;
  void cancel(ClientCall& call) override;
  void consumed(ClientCall& call, size_t n) override;
  std::vector<std::shared_ptr<ClientCall>> take_calls() override;
  bool may_repeat(const ClientCall& call) const override {
    return !call.has_head() && repeatable_method(call.method);
  }
  void on_input(std::string_view bytes) override;
  void on_input_end() override {
    close(Error(Code::ServiceUnavailable,
                goaway_ ? "http2: server sent GOAWAY and closed the connection" : "unexpected EOF"));
  }
  void on_drained() override { pump(); }
  void pump();
  void schedule_pump();
  void arm_ping();
  void ping_check();
  Active* find(int32_t id) {
    auto it = active_.find(id);
    return it == active_.end() ? nullptr : &it->second;
  }
  void forget(int32_t id);

  H2SessionPtr session_;
  std::unordered_map<int32_t, Active> active_;
  bool receiving_ = false;
  bool pumping_ = false;
  bool pump_scheduled_ = false;
  bool goaway_ = false;
  bool heard_ = false;    ///< since the ping timer was armed
  bool pinging_ = false;  ///< a ping is out
  Loop::TimerId ping_timer_ = 0;
};

void H2Client::begun() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_outbound_ack(option, 200);
  nghttp2_option_set_max_continuations(option, 16);
  nghttp2_option_set_peer_max_concurrent_streams(option, kStreamsUntilTold);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new2(&session, callbacks, this, option);
  session_.reset(session);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeaderBytesMax},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  set_limit(kStreamsUntilTold);
  pump();
}

void H2Client::submit(const std::shared_ptr<ClientCall>& call) {
  if (goaway_) {
    call->failed(Error(Code::ServiceUnavailable, "http2: server sent GOAWAY"), true);
    return release_slot(*call);
  }
  const std::string_view scheme = call->tls ? "https" : "http";
  std::vector<std::string> names;
  names.reserve(call->headers.size());
  std::vector<nghttp2_nv> fields = {h2_field(":method", call->method), h2_field(":scheme", scheme),
                                    h2_field(":authority", call->authority), h2_field(":path", call->path)};
  for (const Header& h : call->headers) {
    if (hop_by_hop(h.name) || iequals(h.name, "host") || !valid_header_name(h.name) ||
        !valid_header_value(h.value))
      continue;
    names.push_back(to_lower(h.name));
    fields.push_back(h2_field(names.back(), h.value));
  }
  const size_t length = body_size(call->body);
  const std::string length_text = std::to_string(length);
  if (length > 0) fields.push_back(h2_field("content-length", length_text));
  for (const Slice& slice : call->body) call->pending.push(slice);
  nghttp2_data_provider provider{};
  provider.read_callback = read_data;
  const int32_t id = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                            length > 0 ? &provider : nullptr, nullptr);
  if (id < 0) {
    call->failed(Error(Code::ServiceUnavailable, std::string("http2: ") + nghttp2_strerror(id)), true);
    release_slot(*call);
    return retire();
  }
  call->stream_id = id;
  active_[id].call = call;
  if (active_.size() == 1) arm_ping();
  schedule_pump();
}

void H2Client::cancel(ClientCall& call) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream_id, NGHTTP2_CANCEL);
  schedule_pump();
}

void H2Client::consumed(ClientCall& call, size_t n) {
  nghttp2_session_consume_stream(session_.get(), call.stream_id, n);
  schedule_pump();
}

std::vector<std::shared_ptr<ClientCall>> H2Client::take_calls() {
  if (ping_timer_ != 0) loop_.cancel(ping_timer_);
  ping_timer_ = 0;
  std::vector<std::shared_ptr<ClientCall>> out;
  for (auto& [id, active] : active_) out.push_back(std::move(active.call));
  active_.clear();
  return out;
}

void H2Client::on_input(std::string_view bytes) {
  heard_ = true;
  receiving_ = true;
  const ssize_t n =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  receiving_ = false;
  if (closed_) return;
  if (n < 0)
    return close(
        Error(Code::ServiceUnavailable, std::string("http2: ") + nghttp2_strerror(static_cast<int>(n))));
  pump();
}

void H2Client::schedule_pump() {
  if (pump_scheduled_ || receiving_ || pumping_) return;
  pump_scheduled_ = true;
  loop_.post([this, keep = shared_from_this()] {
    pump_scheduled_ = false;
    pump();
  });
}

void H2Client::pump() {
  if (receiving_ || pumping_ || closed_) return;
  pumping_ = true;
  for (;;) {
    while (out_.size() < kOutHighWater) {
      const uint8_t* data = nullptr;
      const ssize_t n = nghttp2_session_mem_send(session_.get(), &data);
      if (n < 0) {
        pumping_ = false;
        return close(
            Error(Code::ServiceUnavailable, std::string("http2: ") + nghttp2_strerror(static_cast<int>(n))));
      }
      if (n == 0) break;
      out_.append(std::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(n)));
    }
    if (out_.empty()) break;
    flush();
    if (closed_ || !out_.empty()) break;
  }
  pumping_ = false;
  if (closed_) return;
  const bool over =
      nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
  if (over || (goaway_ && active_.empty()))
    close(Error(Code::ServiceUnavailable, "http2: server sent GOAWAY"));
}

void H2Client::arm_ping() {
  if (ping_timer_ != 0 || closed_ || pool_->options.ping_after == Duration::zero()) return;
  heard_ = false;
  ping_timer_ = loop_.after(pinging_ ? pool_->options.ping_after / 2 : pool_->options.ping_after, [this] {
    ping_timer_ = 0;
    ping_check();
  });
}

void H2Client::ping_check() {
  if (closed_ || active_.empty()) {
    pinging_ = false;
    return;
  }
  if (heard_) {
    pinging_ = false;
  } else if (pinging_) {
    return close(Error(Code::ServiceUnavailable, "http2: client connection lost"));
  } else {
    pinging_ = true;
    nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
    schedule_pump();
  }
  arm_ping();
}

void H2Client::forget(int32_t id) {
  auto it = active_.find(id);
  if (it == active_.end()) return;
  const std::shared_ptr<ClientCall> call = std::move(it->second.call);
  active_.erase(it);
  release_slot(*call);
  if (active_.empty()) idle_begins();
}

int H2Client::on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                        size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void* user) {
  Active* a = self(user).find(frame->hd.stream_id);
  if (a == nullptr || a->head_done) return 0;
  const std::string_view n(reinterpret_cast<const char*>(name), name_size);
  std::string v(reinterpret_cast<const char*>(value), value_size);
  a->header_bytes += name_size + value_size + 32;
  if (a->header_bytes > kHeaderBytesMax) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
  }
  if (n == ":status") {
    a->status = parse_int<int>(v).value_or(0);
  } else if (!n.empty() && n.front() != ':') {
    a->headers.add(std::string(n), std::move(v));
  }
  return 0;
}

int H2Client::on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Client& s = self(user);
  if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    const size_t told = nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    s.set_limit(std::min(told, kStreamsMax));
    return 0;
  }
  if (frame->hd.type == NGHTTP2_GOAWAY) {
    s.goaway_ = true;
    s.retire();
    return 0;
  }
  Active* a = s.find(frame->hd.stream_id);
  if (a == nullptr || frame->hd.type != NGHTTP2_HEADERS || a->head_done) return 0;
  if (a->status < 200) {  // 100, 103: the real one follows
    a->headers = Headers();
    return 0;
  }
  a->head_done = true;
  s.used_ = true;
  a->call->head_in(a->status, std::move(a->headers));
  return 0;
}

int H2Client::on_data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
                            void* user) {
  H2Client& s = self(user);
  nghttp2_session_consume_connection(session, size);
  Active* a = s.find(id);
  if (a != nullptr) a->call->bytes_in({reinterpret_cast<const char*>(data), size});
  return 0;
}

int H2Client::on_stream_close(nghttp2_session*, int32_t id, uint32_t error_code, void* user) {
  H2Client& s = self(user);
  Active* a = s.find(id);
  if (a == nullptr) return 0;
  const std::shared_ptr<ClientCall> call = a->call;
  const bool head_done = a->head_done;
  s.forget(id);  // first: the caller's next request finds the slot free
  // A server may stop the rest of a request with NO_ERROR once its answer is complete.
  if (error_code == NGHTTP2_NO_ERROR && head_done) {
    call->ended();
  } else {
    const bool refused = error_code == NGHTTP2_REFUSED_STREAM;
    call->failed(Error(Code::ServiceUnavailable, "stream error: stream ID " + std::to_string(id) + "; " +
                                                     nghttp2_http2_strerror(error_code)),
                 refused);
  }
  return 0;
}

ssize_t H2Client::read_data(nghttp2_session*, int32_t id, uint8_t*, size_t length, uint32_t* flags,
                            nghttp2_data_source*, void* user) {
  Active* a = self(user).find(id);
  if (a == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const size_t n = std::min(length, a->call->pending.size());
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (n == a->call->pending.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(n);
}

int H2Client::send_data(nghttp2_session*, nghttp2_frame* frame, const uint8_t* head, size_t length,
                        nghttp2_data_source*, void* user) {
  H2Client& s = self(user);
  Active* a = s.find(frame->hd.stream_id);
  if (a == nullptr || a->call->pending.size() < length) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  s.out_.append(std::string_view(reinterpret_cast<const char*>(head), 9));
  a->call->pending.move(length, s.out_);
  return 0;
}

}  // namespace

std::shared_ptr<ClientConn> make_h2_client(Loop& loop, std::shared_ptr<ClientPool> pool, std::string key) {
  return std::make_shared<H2Client>(loop, std::move(pool), std::move(key));
}

}  // namespace mizzen::http
