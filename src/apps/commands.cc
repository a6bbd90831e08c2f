#include "apps/commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/version.h"
#include "telemetry/log.h"

namespace mizzen::apps {

int run(int argc, char** argv) {
  CLI::App app("Mizzen: Kubernetes in one small program.", "mizzen");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for every role");

  CLI::App* version = app.add_subcommand("version", "Print version, commit and compiler");

  ServerOptions options;
  CLI::App* server = app.add_subcommand("server", "Run the control plane (API server, store)");
  server->set_config("--config", "", "YAML or INI file whose keys are these flags; flags win");
  server->add_option("--data-dir", options.data_dir, "Where everything is kept")->capture_default_str();
  server->add_option("--store", options.store, "embedded, or etcd://host:port")->capture_default_str();
  server->add_option("--bind-address", options.bind_address, "Address the API listens on")->capture_default_str();
  server->add_option("--secure-port", options.secure_port, "Port of the API")->capture_default_str();
  server->add_option("--tls-san", options.tls_san, "Further names and addresses for the serving certificate; the first goes into kubeconfig");
  server->add_option("--service-cluster-ip-range", options.service_cidr, "IPv4 range of services")->capture_default_str();
  server->add_option("-v,--v", options.verbosity, "Log verbosity")->capture_default_str();
  server->add_option("--logging-format", options.logging_format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {  // CLI11 speaks in exceptions; they end here
    return app.exit(e);
  }
  if (version->parsed()) {
    std::printf("mizzen %.*s (commit %.*s, %.*s, %.*s), serves Kubernetes v1.36\n", static_cast<int>(kVersion.size()), kVersion.data(),
                static_cast<int>(kCommit.size()), kCommit.data(), static_cast<int>(kBuildDate.size()), kBuildDate.data(),
                static_cast<int>(kCompiler.size()), kCompiler.data());
    return 0;
  }
  log::configure({options.logging_format == "json" ? log::Format::Json : log::Format::Text, options.verbosity, 2});
  const auto result = run_server(options);
  if (result.ok()) return 0;
  std::fprintf(stderr, "mizzen: %s\n", result.error().message().c_str());
  return 1;
}

}  // namespace mizzen::apps
