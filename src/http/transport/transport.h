#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "http/tls/tls.h"
#include "http/transport/out_queue.h"

struct ssl_st;

namespace mizzen::http {

/// Role: moves bytes between one non-blocking descriptor and memory, through TLS where it has a session. It
/// does not own the descriptor (a Watch does) and never waits: results say what to wait for. Threading:
/// confined to the connection's loop.
class Transport {
 public:
  enum class Io { Done, WantRead, WantWrite, Eof, Broken };
  explicit Transport(int fd) : fd_(fd) {}
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  Result<void> accept_tls(std::shared_ptr<const TlsContext> context);
  /// `name` is checked in the server's certificate: a DNS name or an IP address.
  Result<void> connect_tls(std::shared_ptr<const TlsContext> context, const std::string& name,
                           bool offer_http2);
  bool tls() const { return ssl_ != nullptr; }
  /// Done once the session stands.
  Io handshake();
  /// "h2", "http/1.1" or empty.
  std::string alpn() const;
  /// The peer's certificate where it verified; null otherwise, with the reason in `refused` if there was one.
  std::shared_ptr<const PeerCertificate> peer(std::string& refused) const;

  /// Done: `n` bytes were read (n > 0).
  Io read(std::span<char> into, size_t& n);
  /// Writes from `out` until it is empty (Done) or the descriptor is full.
  Io write(OutQueue& out);
  /// Ends our half.
  Io shutdown_write();
  /// Why the last operation said Broken.
  const std::string& error() const { return error_; }

 private:
  Io tls_result(int rc, const char* what);
  Io write_plain(OutQueue& out);
  Io write_tls(OutQueue& out);

  int fd_;
  ssl_st* ssl_ = nullptr;
  std::shared_ptr<const TlsContext> context_;
  std::string error_;
};

/// What the system holds for a peer before it is sent.
inline constexpr int kUnsentBytesMax = 128 * 1024;
/// No delay, little waiting in the system, and keep-alive probes that find a dead peer within two minutes.
/// Nothing on other sockets than TCP.
void tune_tcp(int fd);
/// "connection reset by peer" for an errno.
std::string errno_text(int number);

}  // namespace mizzen::http
