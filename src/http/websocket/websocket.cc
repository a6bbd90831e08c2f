#include "http/websocket/websocket.h"

#include <openssl/sha.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/random.h"
#include "base/strings.h"
#include "http/websocket/websocket_frame.h"

namespace mizzen::http {
namespace {
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr uint16_t kNoCloseFrame = 1006;
constexpr size_t kReasonBytesMax = 123;  // a control frame carries 125
}  // namespace

std::string websocket_frame(WsOpcode opcode, std::string_view payload, const uint32_t* mask) {
  std::string out;
  out.reserve(payload.size() + 14);
  out += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  const char mask_bit = static_cast<char>(mask != nullptr ? 0x80 : 0);
  const size_t n = payload.size();
  if (n < 126) {
    out += static_cast<char>(mask_bit | static_cast<char>(n));
  } else if (n <= 0xffff) {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(n >> 8);
    out += static_cast<char>(n & 0xff);
  } else {
    out += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      out += static_cast<char>((static_cast<uint64_t>(n) >> shift) & 0xff);
  }
  if (mask == nullptr) return out.append(payload);
  std::array<char, 4> key;
  std::memcpy(key.data(), mask, 4);
  out.append(key.data(), 4);
  for (size_t i = 0; i < n; ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
  return out;
}

std::string websocket_close_payload(uint16_t code, std::string_view reason) {
  std::string out;
  out += static_cast<char>(code >> 8);
  out += static_cast<char>(code & 0xff);
  return out.append(reason.substr(0, kReasonBytesMax));
}

namespace {

/// Frames in by wslay, frames out by hand: sending is then thread-safe, as a frame is one write.
class WebSocketImpl final : public WebSocket, public std::enable_shared_from_this<WebSocketImpl> {
 public:
  WebSocketImpl(DuplexPtr duplex, bool server, Options options, std::string protocol)
      : duplex_(std::move(duplex)), server_(server), options_(options), protocol_(std::move(protocol)) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = on_recv;
    callbacks.send_callback = on_send;
    callbacks.genmask_callback = on_mask;
    callbacks.on_msg_recv_callback = on_message;
    const int rc = server_ ? wslay_event_context_server_init(&context_, &callbacks, this)
                           : wslay_event_context_client_init(&context_, &callbacks, this);
    if (rc == 0) wslay_event_config_set_max_recv_msg_length(context_, options_.message_bytes_max);
  }
  ~WebSocketImpl() override {
    if (context_ != nullptr) wslay_event_context_free(context_);
  }

  const std::string& protocol() const override { return protocol_; }
  Loop& loop() override { return duplex_->loop(); }
  void start(Callbacks callbacks) override;
  Duplex::Write send(std::string_view message, bool binary) override {
    return write(binary ? WsOpcode::Binary : WsOpcode::Text, message);
  }
  size_t buffered_bytes() const override { return duplex_->buffered_bytes(); }
  void pause() override { duplex_->pause(); }
  void resume() override { duplex_->resume(); }
  void close(uint16_t code, std::string_view reason) override;
  void cut() override { duplex_->cut(); }

 private:
  static WebSocketImpl& self(void* user) { return *static_cast<WebSocketImpl*>(user); }
  static ssize_t on_recv(wslay_event_context_ptr context, uint8_t* into, size_t n, int, void* user) {
    WebSocketImpl& s = self(user);
    if (s.input_.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    n = std::min(n, s.input_.size());
    std::memcpy(into, s.input_.data(), n);
    s.input_.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  static ssize_t on_send(wslay_event_context_ptr, const uint8_t* data, size_t n, int, void* user) {
    self(user).control_out_.append(reinterpret_cast<const char*>(data), n);
    return static_cast<ssize_t>(n);
  }
  static int on_mask(wslay_event_context_ptr, uint8_t* into, size_t n, void* user) {
    Random& random = self(user).loop().random();
    for (size_t i = 0; i < n; ++i) into[i] = static_cast<uint8_t>(random.next());
    return 0;
  }
  static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message, void* user);

  Duplex::Write write(WsOpcode opcode, std::string_view payload) {
    const auto mask = static_cast<uint32_t>(server_ ? 0 : loop().random().next());
    return duplex_->write(Slice(websocket_frame(opcode, payload, server_ ? nullptr : &mask)));
  }
  void on_data(std::string_view bytes);
  void flush_control();
  void closed();
  void arm_ping();
  void arm_close(size_t buffered_before);

  const DuplexPtr duplex_;
  const bool server_;
  const Options options_;
  const std::string protocol_;

  // Loop only.
  wslay_event_context_ptr context_ = nullptr;
  std::string_view input_;
  std::string control_out_;
  Callbacks callbacks_;
  uint16_t close_code_ = kNoCloseFrame;
  std::string close_reason_;
  bool ended_ = false;
  Loop::TimerId ping_timer_ = 0;
  Loop::TimerId close_timer_ = 0;
};

void WebSocketImpl::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  const std::weak_ptr<WebSocketImpl> weak = weak_from_this();
  duplex_->start({
      .on_data =
          [weak](std::string_view bytes) {
            if (auto s = weak.lock()) s->on_data(bytes);
          },
      .on_eof = nullptr,
      .on_drained =
          [weak] {
            auto s = weak.lock();
            if (s && s->callbacks_.on_drained) s->callbacks_.on_drained();
          },
      .on_closed =
          [weak](const Error&) {
            if (auto s = weak.lock()) s->closed();
          },
  });
  if (options_.ping_every > Duration::zero())
    loop().post([weak] {
      if (auto s = weak.lock()) s->arm_ping();
    });
}

void WebSocketImpl::arm_ping() {
  if (ended_) return;
  ping_timer_ = loop().after(options_.ping_every, [weak = weak_from_this()] {
    auto s = weak.lock();
    if (!s || s->ended_) return;
    s->ping_timer_ = 0;
    s->write(WsOpcode::Ping, "");
    s->arm_ping();
  });
}

void WebSocketImpl::on_data(std::string_view bytes) {
  if (ended_ || context_ == nullptr) return duplex_->cut();
  input_ = bytes;
  const int rc = wslay_event_recv(context_);
  input_ = {};
  flush_control();
  // A close frame of theirs has been answered, or their fault told: nothing more will be read.
  if (rc != 0 || wslay_event_get_close_received(context_) != 0 || wslay_event_get_read_enabled(context_) == 0)
    duplex_->close();
}

void WebSocketImpl::on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                               void* user) {
  WebSocketImpl& s = self(user);
  const std::string_view payload(reinterpret_cast<const char*>(message->msg), message->msg_length);
  if (message->opcode == WSLAY_CONNECTION_CLOSE) {
    s.close_code_ = message->status_code != 0 ? message->status_code : 1005;
    if (payload.size() > 2) s.close_reason_ = std::string(payload.substr(2));
    return;
  }
  if (wslay_is_ctrl_frame(message->opcode)) return;  // wslay answers pings
  if (!s.ended_ && s.callbacks_.on_message)
    s.callbacks_.on_message(payload, message->opcode == WSLAY_BINARY_FRAME);
}

void WebSocketImpl::flush_control() {
  wslay_event_send(context_);
  if (control_out_.empty()) return;
  // Pongs and the closing word. A peer that floods pings and reads nothing loses the connection.
  if (duplex_->write(Slice(std::exchange(control_out_, {}))) == Duplex::Write::Full) duplex_->cut();
}

void WebSocketImpl::close(uint16_t code, std::string_view reason) {
  write(WsOpcode::Close, websocket_close_payload(code, reason));
  loop().post([weak = weak_from_this()] {
    auto s = weak.lock();
    if (s && !s->ended_ && s->close_timer_ == 0) s->arm_close(SIZE_MAX);
  });
}

void WebSocketImpl::arm_close(size_t buffered_before) {
  close_timer_ = loop().after(kDuplexLinger, [weak = weak_from_this(), buffered_before] {
    auto s = weak.lock();
    if (!s || s->ended_) return;
    s->close_timer_ = 0;
    const size_t now = s->duplex_->buffered_bytes();
    if (now > 0 && now < buffered_before) return s->arm_close(now);  // slow, but it takes what we said
    s->duplex_->cut();
  });
}

void WebSocketImpl::closed() {
  if (ended_) return;
  ended_ = true;
  if (ping_timer_ != 0) loop().cancel(ping_timer_);
  if (close_timer_ != 0) loop().cancel(close_timer_);
  const Callbacks callbacks = std::move(callbacks_);
  callbacks_ = {};
  if (callbacks.on_closed) callbacks.on_closed(close_code_, close_reason_);
}

}  // namespace

bool WebSocket::wanted(const Request& request) {
  return request.headers.has_token("Connection", "upgrade") &&
         request.headers.has_token("Upgrade", "websocket");
}

std::vector<std::string> WebSocket::offered(const Request& request) {
  std::vector<std::string> out;
  for (std::string_view token : request.headers.tokens("Sec-WebSocket-Protocol")) out.emplace_back(token);
  return out;
}

std::string WebSocket::choose(const Request& request, const std::vector<std::string>& ours) {
  const std::vector<std::string> theirs = offered(request);
  for (const std::string& name : ours)
    if (std::find(theirs.begin(), theirs.end(), name) != theirs.end()) return name;
  return {};
}

std::string WebSocket::accept_value(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Headers WebSocket::client_headers(std::string_view key, const std::vector<std::string>& protocols) {
  Headers out{{"Connection", "Upgrade"},
              {"Upgrade", "websocket"},
              {"Sec-WebSocket-Version", "13"},
              {"Sec-WebSocket-Key", std::string(key)}};
  if (!protocols.empty()) out.add("Sec-WebSocket-Protocol", join(protocols, ", "));
  return out;
}

Result<std::shared_ptr<WebSocket>> WebSocket::accept(Exchange& exchange, std::string protocol,
                                                     Options options) {
  const Request& request = exchange.request();
  if (request.method != "GET" || !wanted(request))
    return Error(Code::BadRequest, "not a WebSocket handshake");
  if (request.headers.get("Sec-WebSocket-Version") != "13")
    return Error(Code::BadRequest, "unsupported WebSocket version");
  const std::string_view key = request.headers.get("Sec-WebSocket-Key");
  const auto nonce = base64_decode(key);
  if (!nonce || nonce->size() != 16 || request.headers.count("Sec-WebSocket-Key") != 1)
    return Error(Code::BadRequest, "malformed Sec-WebSocket-Key");
  Headers headers{
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_value(key)}};
  if (!protocol.empty()) headers.add("Sec-WebSocket-Protocol", protocol);
  MZ_ASSIGN(DuplexPtr duplex, exchange.upgrade(std::move(headers)));
  return over(std::move(duplex), true, options, std::move(protocol));
}

std::shared_ptr<WebSocket> WebSocket::over(DuplexPtr duplex, bool server, Options options,
                                           std::string protocol) {
  return std::make_shared<WebSocketImpl>(std::move(duplex), server, options, std::move(protocol));
}

}  // namespace mizzen::http
