#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace mizzen::store {

/// Role: a real etcd on loopback with a folder of its own, for tests and benchmarks; gone with the object,
/// and with the process.
class EtcdServer {
 public:
  /// PEM files; the certificate serves as the server's and as a client's. Empty: in clear.
  struct Tls {
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
  };
  /// Null where /usr/bin/etcd is absent or does not come up.
  static std::unique_ptr<EtcdServer> start() { return start(Tls()); }
  static std::unique_ptr<EtcdServer> start(Tls tls);
  ~EtcdServer();
  const std::string& address() const { return address_; }  ///< host:port
  pid_t pid() const { return pid_; }
  /// As kill -9 does. Idempotent.
  void kill();
  /// Starts it again on the same folder and port after kill(), and does not wait until it answers: whoever
  /// waits by gRPC reads what comes in for all of the process.
  bool revive();
  /// Kills it and starts it again, and waits until it answers.
  bool restart();

 private:
  EtcdServer(std::string folder, int client_port, int peer_port, Tls tls);
  std::vector<std::string> command() const;
  bool answers() const;

  const std::string folder_;
  const std::string address_;
  const int client_port_;
  const int peer_port_;
  const Tls tls_;
  pid_t pid_ = 0;
};

}  // namespace mizzen::store
