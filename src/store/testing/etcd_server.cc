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

#include <array>
#include <filesystem>
#include <vector>

#include "async/stop.h"
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

bool answers(const std::string& address) {
  auto channel = rpc::Channel::open({.target = address});
  if (!channel.ok()) return false;
  rpc::CallOptions wait;
  wait.wait_for_ready = true;
  return (*channel)
      ->call("/etcdserverpb.Maintenance/Status", "", Deadline::after(std::chrono::seconds(20)), wait)
      .ok();
}

}  // namespace

EtcdServer::EtcdServer(std::string folder, int client_port, int peer_port)
    : folder_(std::move(folder)),
      address_("127.0.0.1:" + std::to_string(client_port)),
      client_port_(client_port),
      peer_port_(peer_port) {}

std::unique_ptr<EtcdServer> EtcdServer::start() {
  if (::access(kEtcd, X_OK) != 0) return nullptr;
  char folder[] = "/tmp/mizzen-etcd-XXXXXX";
  if (!::mkdtemp(folder)) return nullptr;
  std::unique_ptr<EtcdServer> server(new EtcdServer(folder, free_port(), free_port()));
  if (!server->spawn()) return nullptr;
  return server;
}

bool EtcdServer::spawn() {
  const std::string client = "http://127.0.0.1:" + std::to_string(client_port_);
  const std::string peer = "http://127.0.0.1:" + std::to_string(peer_port_);
  // Where setpriv is present etcd goes with us even when we are killed.
  std::vector<std::string> words;
  if (::access(kSetpriv, X_OK) == 0) words = {kSetpriv, "--pdeathsig", "KILL"};
  for (const std::string& word : {std::string(kEtcd), std::string("--data-dir"), folder_, std::string("--name"),
                                  std::string("test"), std::string("--listen-client-urls"), client,
                                  std::string("--advertise-client-urls"), client, std::string("--listen-peer-urls"),
                                  peer, std::string("--initial-advertise-peer-urls"), peer,
                                  std::string("--initial-cluster"), "test=" + peer}) {
    words.push_back(word);
  }
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
  return answers(address_);
}

void EtcdServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool EtcdServer::restart() {
  kill();
  return spawn();
}

EtcdServer::~EtcdServer() {
  kill();
  std::filesystem::remove_all(folder_);
}

}  // namespace mizzen::store
