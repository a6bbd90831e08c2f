#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::bench {

/// Where the server is and who asks.
struct Endpoint {
  std::string address;
  uint16_t port = 0;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

/// What is asked; empty headers are not sent.
struct Request {
  std::string method = "GET";
  std::string path;
  std::string accept;
  std::string content_type;
  std::string body;
};

/// Role: who hears an answer. Calls come from Poller::turn(); a new request may be sent from within.
class Answer {
 public:
  virtual ~Answer() = default;
  virtual void on_status(int status) = 0;
  virtual void on_data(std::string_view bytes) = 0;
  /// `whole`: the server ended the stream in order.
  virtual void on_end(bool whole) = 0;
};

class Connection;

/// Role: the one loop of this program. Threading: one thread; why so: what is measured is the server, and a
/// client that needs few cycles leaves it the machine.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Sends what has been asked, waits up to `wait_ms` (-1: without end) and hands over what came.
  void turn(int wait_ms);
  /// True once for each line that came on standard input; start listening with the first call.
  bool line_came();

 private:
  friend class Connection;
  int epoll_ = -1;
  bool listens_ = false;
  int lines_ = 0;
  std::vector<Connection*> unsent_;
};

/// Role: one HTTP/2 connection over TLS 1.3, with the windows of Go's client (4 MiB a stream, 1 GiB a
/// connection), on nghttp2 itself: the instrument shares no code with what it measures. Failure: what breaks
/// a connection ends the program with a message: a measurement with errors is none. Bounds: streams beyond
/// what the server allows wait inside nghttp2.
class Connection {
 public:
  /// Blocks until the handshake is done.
  Connection(Poller& poller, const Endpoint& endpoint);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// `answer` has to live until its on_end().
  void send(const Request& request, Answer& answer);

 private:
  friend class Poller;
  struct Impl;
  void readable();
  void flush();
  std::unique_ptr<Impl> impl_;
};

/// Ends the program with a message.
[[noreturn]] void fail(const std::string& why);

}  // namespace mizzen::bench
