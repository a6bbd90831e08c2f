#pragma once
#include <optional>
#include <string>
#include <vector>

#include "apps/node_role.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/leader/claim.h"

namespace mizzen::apps {

/// Settings of `mizzen server`; the keys of the configuration file are the flags' names.
struct ServerOptions {
  std::string data_dir = "/var/lib/mizzen";
  std::string store = "embedded";  ///< or etcd://host:port, or memory
  std::string etcd_ca_file, etcd_certificate_file, etcd_key_file;
  std::string bind_address = "0.0.0.0";
  uint16_t secure_port = 6443;
  std::vector<std::string> tls_san;
  std::string service_cidr = "10.96.0.0/12";
  Duration node_monitor_grace_period = std::chrono::seconds(50);
  int32_t terminated_pod_gc_threshold = 12500;
  /// Stand for election before controllers and the scheduler act; empty: where the store is etcd.
  std::optional<bool> leader_elect;
  client::ElectionTimes election;
  bool disable_node = false;
  NodeOptions node;  ///< data_dir is the server's
  int verbosity = 0;
  std::string logging_format = "text";
};

/// Parses the command line and runs the role; the exit code.
int run(int argc, char** argv);
/// Runs the server until SIGTERM or SIGINT. Errors before it is up are one clear line.
Result<void> run_server(const ServerOptions& options);

}  // namespace mizzen::apps
