#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mizzen::http::testing {

/// A blocking TCP peer that sends exactly the bytes a test says. Reads give up after five seconds.
class RawPeer {
 public:
  /// Connects to 127.0.0.1.
  explicit RawPeer(uint16_t port, int receive_buffer_bytes = 0);
  ~RawPeer();
  /// False where the other side does not take them all.
  bool send(std::string_view bytes);
  /// Everything up to and including `mark`, or what came before the end or the time limit.
  std::string read_until(std::string_view mark);
  std::string read_exactly(size_t n);
  /// Until the peer closes or nothing has come for five seconds.
  std::string read_all();
  void shutdown_write();
  void close();
  /// True once the other side has closed (waits up to five seconds).
  bool at_end();

 private:
  bool fill();
  int fd_ = -1;
  std::string buffer_;
};

/// Runs `curl -sS <arguments>` and returns standard output; empty where curl is missing.
std::string curl(const std::string& arguments);
bool have_curl();

}  // namespace mizzen::http::testing
