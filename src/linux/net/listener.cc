#include "linux/net/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/strings.h"
#include "linux/files/descriptor.h"
#include "linux/files/file.h"

namespace mizzen::linux {

namespace {

constexpr std::string_view kListening = "0A";  // TCP_LISTEN, as /proc/net/tcp writes it
constexpr size_t kTableBytesMax = 16 * 1024 * 1024;

/// The inode of the socket that listens on the port; empty where none does.
std::string listening_inode(const std::string& table, uint16_t port) {
  const auto text = read_file(table, kTableBytesMax);
  if (!text.ok()) return "";
  const std::string suffix = fmt::format(":{:04X}", port);
  for (const std::string_view line : split(*text, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' '))
      if (!word.empty()) words.push_back(word);
    if (words.size() > 9 && words[1].ends_with(suffix) && words[3] == kListening)
      return std::string(words[9]);
  }
  return "";
}

int holder_of(const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  const auto processes = list_folder("/proc");
  if (!processes.ok()) return 0;
  for (const std::string& name : *processes) {
    const auto pid = parse_int<int>(name);
    if (!pid) continue;
    const auto open = list_folder("/proc/" + name + "/fd");
    if (!open.ok()) continue;
    for (const std::string& fd : *open) {
      char target[64];
      const ssize_t n = ::readlink(("/proc/" + name + "/fd/" + fd).c_str(), target, sizeof target);
      if (n > 0 && std::string_view(target, static_cast<size_t>(n)) == wanted) return *pid;
    }
  }
  return 0;
}

}  // namespace

std::optional<Listener> listener_on(uint16_t port) {
  std::string inode = listening_inode("/proc/net/tcp", port);
  if (inode.empty()) inode = listening_inode("/proc/net/tcp6", port);
  if (inode.empty()) return std::nullopt;
  Listener out;
  out.pid = holder_of(inode);
  if (out.pid) out.program = trim(read_file(fmt::format("/proc/{}/comm", out.pid)).value_or(""));
  return out;
}

Result<void> check_can_listen(const std::string& address, uint16_t port) {
  sockaddr_storage where{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&where);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&where);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof *v6;
  } else {
    return Error(Code::BadRequest, fmt::format("{} is not an IP address", quote(address)));
  }
  const Fd socket(::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&where), size) == 0) return {};
  const int why = errno;
  if (why != EADDRINUSE) return system_error(fmt::format("listen on {}:{}", address, port), why);
  const auto owner = listener_on(port);
  return Error(Code::Conflict, owner && owner->pid ? fmt::format("port {} is in use by process {} ({})", port,
                                                                 owner->pid, owner->program)
                                                   : fmt::format("port {} is in use", port));
}

}  // namespace mizzen::linux
