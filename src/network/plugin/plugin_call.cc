#include "network/plugin/plugin_call.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "codec/json/json_reader.h"
#include "codec/json/json_text.h"
#include "network/protocol/cni_document.h"

// This is all that runs in the plug-in's process, which containerd starts several times a pod: it links the C
// and C++ libraries and nothing else, so that it starts in a fraction of a millisecond.
namespace mizzen::network {
namespace {

constexpr timeval kAnswerTimeout{60, 0};  // twice what the network gives itself

/// A descriptor that is closed.
struct Owned {
  int fd = -1;
  ~Owned() {
    if (fd >= 0) ::close(fd);
  }
};

/// What the plug-in itself reads of the configuration.
struct Config {
  std::string version;
  std::string socket;
  CniAnswer problem;  ///< the error document where it makes no sense
};

Config read_config(std::string_view text) {
  Config out;
  codec::JsonReader reader(text);
  std::string key;
  bool ok = reader.peek() == codec::JsonKind::Object && reader.enter_object();
  while (ok && reader.next_key(key)) {
    std::string* const into = key == "cniVersion" ? &out.version : key == "socket" ? &out.socket : nullptr;
    const bool wanted = into && reader.peek() == codec::JsonKind::String;
    if (!(wanted ? reader.read_string(*into) : reader.skip())) break;
  }
  if (!ok || !reader.ok() || !reader.expect_end())
    out.problem = cni_failure("", kCniUndecodable, "the configuration is not a JSON object");
  else if (!is_cni_version(out.version))
    out.problem =
        cni_failure("", kCniIncompatibleVersion, "cniVersion \"" + out.version + "\" is not supported");
  return out;
}

std::string failed(std::string_view doing) { return std::string(doing) + ": " + std::strerror(errno); }

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return ::shutdown(fd, SHUT_WR) == 0;
}

/// Everything until the other side closes; errno tells of an error.
bool receive_all(int fd, std::string& out) {
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    out.append(buffer, static_cast<size_t>(n));
  }
}

/// False, with `why`, where the network did not answer.
bool ask(const std::string& path, const CniCall& call, CniAnswer& answer, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    why = "the socket's path is too long: " + path;
    return false;
  }
  path.copy(address.sun_path, path.size());
  const Owned socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
  std::string text;
  if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    why = failed("connect to " + path);
    return false;
  }
  // What it answers before it has read all of the call counts too: that it takes no more calls, say.
  send_all(socket.fd, encode_call(call));
  const bool complete = receive_all(socket.fd, text);
  if (const auto told = decode_answer(text)) {
    answer = *told;
    return true;
  }
  why = complete ? path + " closed without an answer" : failed("read from " + path);
  return false;
}

bool is_namespace(const std::string& path) {
  struct statfs system{};
  return !path.empty() && ::statfs(path.c_str(), &system) == 0 && system.f_type == NSFS_MAGIC;
}

CniAnswer loopback_up(const CniCall& call, const std::string& version) {
  const auto failure = [&](const std::string& doing) {
    return cni_failure(version, kCniFailed, failed(doing));
  };
  const Owned space{::open(call.network_namespace.c_str(), O_RDONLY | O_CLOEXEC)};
  if (space.fd < 0) return failure("open network namespace " + call.network_namespace);
  if (::setns(space.fd, CLONE_NEWNET) != 0)
    return failure("enter network namespace " + call.network_namespace);
  const Owned socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.fd, SIOCGIFFLAGS, &request) != 0) return failure("look at lo");
  request.ifr_flags |= IFF_UP;
  if (::ioctl(socket.fd, SIOCSIFFLAGS, &request) != 0) return failure("bring lo up");
  std::string out = R"({"cniVersion":)";
  codec::append_json_string(out, version);
  out += R"(,"dns":{},"interfaces":[{"mac":"00:00:00:00:00:00","name":)";
  codec::append_json_string(out, call.interface);
  out += R"(,"sandbox":)";
  codec::append_json_string(out, call.network_namespace);
  out += R"(}],"ips":[{"address":"127.0.0.1/8","interface":0)";
  if (version.starts_with("0.")) out += R"(,"version":"4")";
  return {out + "}]}", 0};
}

}  // namespace

CniAnswer plugin_call(const CniCall& call) {
  if (call.command == "VERSION") return cni_versions();
  const Config config = read_config(call.config);
  if (config.problem.exit_code != 0) return config.problem;
  if (config.socket.empty())
    return cni_failure(config.version, kCniInvalidConfig, "the configuration names no socket");
  CniAnswer answer;
  std::string why;
  if (ask(config.socket, call, answer, why)) return answer;
  if (call.command == "DEL" && !is_namespace(call.network_namespace)) return {};
  return cni_failure(config.version, call.command == "STATUS" ? kCniNotAvailable : kCniTryAgain,
                     "the network of this node does not answer: " + why);
}

CniAnswer loopback_call(const CniCall& call) {
  if (call.command == "VERSION") return cni_versions();
  const Config config = read_config(call.config);
  if (config.problem.exit_code != 0) return config.problem;
  if (call.command != "ADD") return {};  // the interface goes with its namespace
  if (call.network_namespace.empty())
    return cni_failure(config.version, kCniInvalidEnvironment, "CNI_NETNS is required");
  return loopback_up(call, config.version);
}

}  // namespace mizzen::network
