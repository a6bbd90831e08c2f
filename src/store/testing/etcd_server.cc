#include "store/testing/etcd_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/file.h"
#include "rpc/channel.h"

namespace mizzen::store {
namespace {

constexpr const char* kEtcd = "/usr/bin/etcd";
constexpr const char* kSetpriv = "/usr/bin/setpriv";

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(fd);
  return port;
}

}  // namespace

EtcdServer::EtcdServer(std::string folder, int client_port, int peer_port, Tls tls)
    : folder_(std::move(folder)),
      address_("127.0.0.1:" + std::to_string(client_port)),
      client_port_(client_port),
      peer_port_(peer_port),
      tls_(std::move(tls)) {}

std::unique_ptr<EtcdServer> EtcdServer::start(Tls tls) {
  if (::access(kEtcd, X_OK) != 0) return nullptr;
  char folder[] = "/tmp/mizzen-etcd-XXXXXX";
  if (!::mkdtemp(folder)) return nullptr;
  std::unique_ptr<EtcdServer> server(new EtcdServer(folder, free_port(), free_port(), std::move(tls)));
  if (!server->revive() || !server->answers()) return nullptr;
  return server;
}

bool EtcdServer::answers() const {
  rpc::ChannelOptions options{.target = address_};
  if (!tls_.ca_file.empty()) {
    options.tls = rpc::ChannelOptions::Tls{read_file(tls_.ca_file).value_or(""),
                                           read_file(tls_.certificate_file).value_or(""),
                                           read_file(tls_.key_file).value_or("")};
  }
  auto channel = rpc::Channel::open(options);
  if (!channel.ok()) return false;
  rpc::CallOptions wait;
  wait.wait_for_ready = true;
  const Deadline deadline = Deadline::after(std::chrono::seconds(20), real_clock());
  return (*channel)->call("/etcdserverpb.Maintenance/Status", "", deadline, wait).ok();
}

std::vector<std::string> EtcdServer::command() const {
  const std::string scheme = tls_.ca_file.empty() ? "http" : "https";
  const std::string client = scheme + "://127.0.0.1:" + std::to_string(client_port_);
  const std::string peer = "http://127.0.0.1:" + std::to_string(peer_port_);
  std::vector<std::string> words;
  // Where setpriv is present etcd goes with us even when we are killed.
  if (::access(kSetpriv, X_OK) == 0) words = {kSetpriv, "--pdeathsig", "KILL"};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  add({kEtcd, "--data-dir", folder_, "--name", "test", "--listen-client-urls", client,
       "--advertise-client-urls", client});
  add({"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
       "test=" + peer});
  if (!tls_.ca_file.empty()) {
    add({"--trusted-ca-file", tls_.ca_file, "--client-cert-auth", "--cert-file", tls_.certificate_file,
         "--key-file", tls_.key_file});
  }
  return words;
}

bool EtcdServer::revive() {
  std::vector<std::string> words = command();
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int failed = ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = 0;
    return false;
  }
  return true;
}

void EtcdServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool EtcdServer::restart() {
  kill();
  return revive() && answers();
}

EtcdServer::~EtcdServer() {
  kill();
  std::filesystem::remove_all(folder_);
}

}  // namespace mizzen::store
