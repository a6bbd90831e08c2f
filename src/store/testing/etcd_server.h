#pragma once
#include <sys/types.h>

#include <memory>
#include <string>

namespace mizzen::store {

/// Role: a real etcd on loopback with a folder of its own, for tests and benchmarks; gone with the object, and with the
/// process.
class EtcdServer {
 public:
  /// Null where /usr/bin/etcd is absent or does not come up.
  static std::unique_ptr<EtcdServer> start();
  ~EtcdServer();
  const std::string& address() const { return address_; }  ///< host:port
  pid_t pid() const { return pid_; }
  /// Kills it and starts it again on the same folder and port.
  bool restart();

 private:
  EtcdServer(std::string folder, int client_port, int peer_port);
  bool spawn();
  void kill();

  const std::string folder_;
  const std::string address_;
  const int client_port_;
  const int peer_port_;
  pid_t pid_ = 0;
};

}  // namespace mizzen::store
