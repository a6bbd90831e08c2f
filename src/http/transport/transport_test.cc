#include "http/transport/transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mizzen::http {
namespace {

TEST(Transport, TheSystemHoldsLittleForAPeerThatDoesNotRead) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(peer, reinterpret_cast<sockaddr*>(&address), length), 0);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  ASSERT_GE(fd, 0);
  tune_tcp(fd);

  const std::string piece(16 * 1024, 'x');
  int full = 0;
  for (int i = 0; i < 4096 && full < 100; ++i) {
    if (::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) > 0) continue;
    ++full;  // what is on its way may still arrive
    ::usleep(1000);
  }
  EXPECT_EQ(full, 100);
  int unsent = 0;
  ASSERT_EQ(::ioctl(fd, SIOCOUTQNSD, &unsent), 0);
  EXPECT_LE(unsent, kUnsentBytesMax + 2 * static_cast<int>(piece.size()));
  ::close(fd);
  ::close(peer);
  ::close(listener);
}

}  // namespace
}  // namespace mizzen::http
