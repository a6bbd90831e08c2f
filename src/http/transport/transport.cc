#include "http/transport/transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace mizzen::http {
namespace {

constexpr size_t kTlsRecordBytes = 16 * 1024;

std::string tls_error_text() {
  const unsigned long code = ERR_peek_last_error();
  std::string out = "TLS error";
  if (code != 0) {
    if (const char* text = ERR_reason_error_string(code); text != nullptr) out = text;
  }
  ERR_clear_error();
  return out;
}

bool is_ip(const std::string& text) {
  std::array<unsigned char, 16> buffer;
  return inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

}  // namespace

std::string errno_text(int number) {
  std::array<char, 128> buffer{};
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
  std::string text = strerror_r(number, buffer.data(), buffer.size());
#else
  std::string text =
      strerror_r(number, buffer.data(), buffer.size()) == 0 ? buffer.data() : std::to_string(number);
#endif
  // Go prints these words in lower case, and people search for them.
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

void tune_tcp(int fd) {
  const int on = 1;
  const int idle = 30;
  const int interval = 15;
  const int count = 4;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Else the system takes megabytes for each peer that does not read, and a thousand of them starve
  // everybody's connections. What is on its way does not count, so a fast peer far away gets all it can take.
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax, sizeof kUnsentBytesMax);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

Transport::~Transport() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

Result<void> Transport::accept_tls(std::shared_ptr<const TlsContext> context) {
  ERR_clear_error();
  ssl_ = SSL_new(context->get());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1) return Error(Code::InternalError, tls_error_text());
  SSL_set_accept_state(ssl_);
  context_ = std::move(context);
  return {};
}

Result<void> Transport::connect_tls(std::shared_ptr<const TlsContext> context, const std::string& name,
                                    bool offer_http2) {
  ERR_clear_error();
  ssl_ = SSL_new(context->get());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1) return Error(Code::InternalError, tls_error_text());
  SSL_set_connect_state(ssl_);
  static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  static constexpr unsigned char kOne[] = "\x08http/1.1";
  if (offer_http2) {
    SSL_set_alpn_protos(ssl_, kBoth, sizeof(kBoth) - 1);
  } else {
    SSL_set_alpn_protos(ssl_, kOne, sizeof(kOne) - 1);
  }
  if (is_ip(name)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str()) != 1)
      return Error(Code::InternalError, tls_error_text());
  } else {
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl_, name.c_str()) != 1 || SSL_set_tlsext_host_name(ssl_, name.c_str()) != 1)
      return Error(Code::InternalError, tls_error_text());
  }
  context_ = std::move(context);
  return {};
}

Transport::Io Transport::tls_result(int rc, const char* what) {
  const int saved = errno;
  switch (SSL_get_error(ssl_, rc)) {
    case SSL_ERROR_WANT_READ:
      return Io::WantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::WantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Io::Eof;
    case SSL_ERROR_SYSCALL:
      error_ = std::string(what) + ": " + (saved == 0 ? "connection closed by the peer" : errno_text(saved));
      break;
    default: {
      const long verify = SSL_get_verify_result(ssl_);
      error_ = std::string(what) + ": " + tls_error_text();
      if (verify != X509_V_OK && !SSL_is_init_finished(ssl_))
        error_ += std::string(": ") + X509_verify_cert_error_string(verify);
    }
  }
  ERR_clear_error();
  return Io::Broken;
}

Transport::Io Transport::handshake() {
  if (ssl_ == nullptr) return Io::Done;
  ERR_clear_error();
  errno = 0;
  const int rc = SSL_do_handshake(ssl_);
  return rc == 1 ? Io::Done : tls_result(rc, "TLS handshake");
}

std::string Transport::alpn() const {
  if (ssl_ == nullptr) return {};
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return std::string(reinterpret_cast<const char*>(name), length);
}

std::shared_ptr<const PeerCertificate> Transport::peer(std::string& refused) const {
  if (ssl_ == nullptr) return nullptr;
  X509* leaf = SSL_get0_peer_certificate(ssl_);
  if (leaf == nullptr) return nullptr;
  refused = certificate_fault(ssl_);
  if (!refused.empty()) return nullptr;
  return describe_certificate(leaf);
}

Transport::Io Transport::read(std::span<char> into, size_t& n) {
  n = 0;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    const int rc = SSL_read(ssl_, into.data(), static_cast<int>(std::min<size_t>(into.size(), INT_MAX)));
    if (rc > 0) {
      n = static_cast<size_t>(rc);
      return Io::Done;
    }
    return tls_result(rc, "read");
  }
  for (;;) {
    const ssize_t rc = ::read(fd_, into.data(), into.size());
    if (rc > 0) {
      n = static_cast<size_t>(rc);
      return Io::Done;
    }
    if (rc == 0) return Io::Eof;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Io::WantRead;
    error_ = "read: " + errno_text(errno);
    return Io::Broken;
  }
}

Transport::Io Transport::write(OutQueue& out) { return ssl_ != nullptr ? write_tls(out) : write_plain(out); }

Transport::Io Transport::write_plain(OutQueue& out) {
  while (!out.empty()) {
    std::array<std::string_view, 16> views;
    std::array<iovec, 16> parts;
    const size_t count = out.gather(views);
    for (size_t i = 0; i < count; ++i) parts[i] = {const_cast<char*>(views[i].data()), views[i].size()};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t rc = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (rc >= 0) {
      out.consume(static_cast<size_t>(rc));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Io::WantWrite;
    error_ = "write: " + errno_text(errno);
    return Io::Broken;
  }
  return Io::Done;
}

Transport::Io Transport::write_tls(OutQueue& out) {
  // One record at a time. A record that the kernel did not take whole must be offered again with the same
  // first bytes: that holds, because the queue only grows at its end and is consumed only after success.
  thread_local std::array<char, kTlsRecordBytes> scratch;
  while (!out.empty()) {
    std::string_view bytes = out.front();
    if (bytes.size() < kTlsRecordBytes && bytes.size() < out.size())
      bytes = std::string_view(scratch.data(), out.peek(scratch));
    bytes = bytes.substr(0, kTlsRecordBytes);
    ERR_clear_error();
    errno = 0;
    const int rc = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    if (rc <= 0) {
      const Io io = tls_result(rc, "write");
      return io == Io::Eof ? Io::Broken : io;
    }
    out.consume(static_cast<size_t>(rc));
  }
  return Io::Done;
}

Transport::Io Transport::shutdown_write() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    if (SSL_is_init_finished(ssl_) != 1) return Io::Done;
    const int rc = SSL_shutdown(ssl_);
    if (rc >= 0) return Io::Done;
    return tls_result(rc, "shutdown");
  }
  ::shutdown(fd_, SHUT_WR);
  return Io::Done;
}

}  // namespace mizzen::http
