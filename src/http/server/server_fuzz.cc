// A whole plain-text connection, HTTP/1 or HTTP/2 by its first bytes, against a real server on a unix socket.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "http/server/server.h"

namespace {

using namespace mizzen::http;

struct Target {
  Target()
      : path("/tmp/mizzen-server-fuzz-" + std::to_string(::getpid()) + ".sock"),
        loops({.clock = mizzen::real_clock(), .random = mizzen::secure_random()}) {
    server = std::make_unique<Server>(loops, Server::Options{.unix_path = path}, [](ExchangePtr e) {
      if (e->request().path.empty()) std::abort();
      if (e->request().method == "GET") return e->respond(200, {{"X", "y"}}, Slice("hello"));
      e->read_body(1000, [e](mizzen::Result<std::string> body) {
        if (!body.ok()) return e->respond_text(400, body.error().message());
        if (body->size() > 1000) std::abort();
        auto stream = e->start_stream(200, {});
        stream->write(std::move(*body));
      });
    });
    if (!server->start().ok()) std::abort();
  }
  ~Target() { server->stop(mizzen::Deadline::after(std::chrono::seconds(1), mizzen::real_clock())); }
  std::string path;
  Loops loops;
  std::unique_ptr<Server> server;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Target target;
  if (size < 1 || size > 100'000) return 0;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, target.path.c_str(), target.path.size() + 1);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  std::string bytes;
  if ((data[0] & 1) != 0) bytes = std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
  [[maybe_unused]] const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  const timeval limit{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::array<char, 65536> in;
  size_t total = 0;
  ssize_t n = 0;
  while ((n = ::recv(fd, in.data(), in.size(), 0)) > 0) total += static_cast<size_t>(n);
  if (n < 0 && errno == EAGAIN) std::abort();  // the server forgot the connection
  if (total > 10'000'000) std::abort();
  ::close(fd);
  return 0;
}
