#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace mizzen::bench {

namespace {

constexpr int32_t kStreamWindow = 4 << 20;
constexpr int32_t kConnectionWindow = 1 << 30;
constexpr size_t kSendBytes = size_t{64} << 10;  ///< handed to TLS at once
constexpr int kEventsMax = 256;

/// One stream: what is still to be sent, and who hears the answer.
struct Stream {
  Answer* answer;
  std::string body;
  size_t sent = 0;
};

SSL_CTX* context_of(const Endpoint& endpoint) {
  static SSL_CTX* const shared = [&] {
    SSL_CTX* c = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(
        c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(c, endpoint.ca_file.c_str(), nullptr) != 1 ||
        SSL_CTX_use_certificate_chain_file(c, endpoint.certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(c, endpoint.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      fail("the keys cannot be read");
    return c;
  }();
  return shared;
}

int connected(const Endpoint& endpoint) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(endpoint.port);
  if (fd < 0 || ::inet_pton(AF_INET, endpoint.address.c_str(), &to.sin_addr) != 1 ||
      ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    fail(fmt::format("connect: {}", std::strerror(errno)));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

void fail(const std::string& why) {
  fmt::print(stderr, "bench_load: {}\n", why);
  std::exit(1);
}

struct Connection::Impl {
  Poller* poller = nullptr;
  int fd = -1;
  SSL* ssl = nullptr;
  nghttp2_session* session = nullptr;
  std::string authority;
  std::unordered_map<int32_t, Stream> streams;
  std::string out;  ///< of it the first `written` bytes are sent
  size_t written = 0;
  bool waits_to_write = false;
  bool marked = false;  ///< stands in Poller::unsent_

  Stream* stream(int32_t id) {
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : &found->second;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* self) {
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) != ":status") return 0;
    Stream* s = static_cast<Impl*>(self)->stream(frame->hd.stream_id);
    if (s) s->answer->on_status(std::atoi(std::string(value, value + value_size).c_str()));
    return 0;
  }
  static int on_chunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    Stream* s = static_cast<Impl*>(self)->stream(id);
    if (s) s->answer->on_data({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  static int on_close(nghttp2_session*, int32_t id, uint32_t error, void* self) {
    auto node = static_cast<Impl*>(self)->streams.extract(id);
    if (!node.empty()) node.mapped().answer->on_end(error == NGHTTP2_NO_ERROR);
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, int32_t, uint8_t* to, size_t size, uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    auto* s = static_cast<Stream*>(source->ptr);
    const size_t n = std::min(size, s->body.size() - s->sent);
    std::copy_n(s->body.data() + s->sent, n, to);
    s->sent += n;
    if (s->sent == s->body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }

  void open_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const std::array<nghttp2_settings_entry, 2> settings = {
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  }

  void listen(bool writes) {
    epoll_event event{};
    event.events = EPOLLIN | (writes ? EPOLLOUT : 0u);
    event.data.ptr = owner;
    ::epoll_ctl(poller->epoll_, waits_to_write || writes || registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                &event);
    registered = true;
    waits_to_write = writes;
  }

  Connection* owner = nullptr;
  bool registered = false;
};

Connection::Connection(Poller& poller, const Endpoint& endpoint) : impl_(std::make_unique<Impl>()) {
  Impl& c = *impl_;
  c.poller = &poller;
  c.owner = this;
  c.authority = fmt::format("{}:{}", endpoint.address, endpoint.port);
  c.fd = connected(endpoint);
  c.ssl = SSL_new(context_of(endpoint));
  static constexpr unsigned char kH2[] = {2, 'h', '2'};
  SSL_set_alpn_protos(c.ssl, kH2, sizeof kH2);
  SSL_set_fd(c.ssl, c.fd);
  if (SSL_connect(c.ssl) != 1) fail("the TLS handshake failed");
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(c.ssl, &protocol, &size);
  if (size != 2) fail("the server does not speak HTTP/2");
  ::fcntl(c.fd, F_SETFL, O_NONBLOCK);
  c.open_session();
  c.listen(false);
  flush();
}

Connection::~Connection() {
  std::erase(impl_->poller->unsent_, this);
  nghttp2_session_del(impl_->session);
  SSL_free(impl_->ssl);
  ::close(impl_->fd);
}

void Connection::send(const Request& request, Answer& answer) {
  Impl& c = *impl_;
  std::array<nghttp2_nv, 8> headers{
      header(":method", request.method), header(":scheme", "https"),      header(":authority", c.authority),
      header(":path", request.path),     header("user-agent", "bench/1"),
  };
  size_t n = 5;
  const std::string length = std::to_string(request.body.size());
  if (!request.accept.empty()) headers[n++] = header("accept", request.accept);
  if (!request.content_type.empty()) {
    headers[n++] = header("content-type", request.content_type);
    headers[n++] = header("content-length", length);
  }
  // The stream stands in its map before nghttp2 asks for its body, at the next flush.
  const auto next = static_cast<int32_t>(nghttp2_session_get_next_stream_id(c.session));
  Stream& stream = c.streams.emplace(next, Stream{&answer, request.body}).first->second;
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = Impl::read_body;
  const int32_t id = nghttp2_submit_request(c.session, nullptr, headers.data(), n,
                                            request.body.empty() ? nullptr : &body, nullptr);
  if (id != next) fail("nghttp2 refuses the request");
  if (!c.marked) {
    c.marked = true;
    c.poller->unsent_.push_back(this);
  }
}

void Connection::readable() {
  Impl& c = *impl_;
  static std::array<uint8_t, 65536> buffer;
  for (;;) {
    const int n = SSL_read(c.ssl, buffer.data(), buffer.size());
    if (n <= 0) {
      const int error = SSL_get_error(c.ssl, n);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) break;
      fail("the server closed a connection");
    }
    if (nghttp2_session_mem_recv(c.session, buffer.data(), static_cast<size_t>(n)) < 0)
      fail("the server breaks HTTP/2");
  }
}

void Connection::flush() {
  Impl& c = *impl_;
  for (;;) {
    if (c.written == c.out.size()) {
      c.out.clear();
      c.written = 0;
    }
    while (c.out.size() < kSendBytes) {
      const uint8_t* data = nullptr;
      const ssize_t n = nghttp2_session_mem_send(c.session, &data);
      if (n < 0) fail("nghttp2 cannot send");
      if (n == 0) break;
      c.out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n));
    }
    if (c.out.size() == c.written) break;
    const int n = SSL_write(c.ssl, c.out.data() + c.written, static_cast<int>(c.out.size() - c.written));
    if (n > 0) {
      c.written += static_cast<size_t>(n);
      continue;
    }
    if (SSL_get_error(c.ssl, n) != SSL_ERROR_WANT_WRITE) fail("the server closed a connection");
    if (!c.waits_to_write) c.listen(true);
    return;
  }
  if (c.waits_to_write) c.listen(false);
}

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
Poller::~Poller() { ::close(epoll_); }

void Poller::turn(int wait_ms) {
  const auto send_all = [this] {
    std::vector<Connection*> now;
    now.swap(unsent_);
    for (Connection* connection : now) {
      connection->impl_->marked = false;
      connection->flush();
    }
  };
  send_all();
  std::array<epoll_event, kEventsMax> events;
  const int n = ::epoll_wait(epoll_, events.data(), kEventsMax, wait_ms);
  for (int i = 0; i < n; ++i) {
    auto* connection = static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
    if (!connection) {
      std::array<char, 256> input;
      const ssize_t got = ::read(STDIN_FILENO, input.data(), input.size());
      if (got <= 0) std::exit(0);  // who started this is gone
      lines_ += static_cast<int>(std::count(input.begin(), input.begin() + got, '\n'));
      continue;
    }
    connection->readable();
    connection->flush();
  }
}

bool Poller::line_came() {
  if (!listens_) {
    listens_ = true;
    epoll_event event{};
    event.events = EPOLLIN;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  }
  if (lines_ == 0) return false;
  --lines_;
  return true;
}

}  // namespace mizzen::bench
