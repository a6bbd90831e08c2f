#include "apps/command_line.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "apps/commands/commands.h"
#include "apps/config/config_file.h"
#include "apps/config/flags.h"
#include "base/version.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "mizzen: %s\n", why.c_str());
  return 1;
}

Result<void> print_version() {
  std::printf("mizzen %.*s (commit %.*s, %.*s, %.*s), serves Kubernetes v1.36\n",
              static_cast<int>(kVersion.size()), kVersion.data(), static_cast<int>(kCommit.size()),
              kCommit.data(), static_cast<int>(kBuildDate.size()), kBuildDate.data(),
              static_cast<int>(kCompiler.size()), kCompiler.data());
  return {};
}

/// Role: the command line: one subcommand a role, with its options and what runs it. Threading: the main
/// thread's.
class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    // Of a flag given twice the last one counts: that is how flags win over the configuration file.
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.set_help_all_flag("--help-all", "Help for every role");
    add("version", "Print version, commit and compiler", [] { return print_version(); });
    add_server();
    add_apiserver();
    add_components();
    add_kubelet();
    add_hollow_node();
    add_down();
  }

  int run(std::vector<std::string> words) {
    words = with_dashes(std::move(words));
    const bool kubelet = !words.empty() && words.front() == "kubelet";
    auto all = kubelet ? with_kubelet_config(std::move(words))
                       : with_config_file(std::move(words), flags_of(*server_));
    if (!all.ok()) return fail(all.error().message());
    try {
      std::reverse(all->begin(), all->end());  // as CLI11 wants them
      app_.parse(std::move(*all));
    } catch (const CLI::ParseError& e) {                // CLI11 speaks in exceptions; they end here
      if (e.get_exit_code() == 0) return app_.exit(e);  // --help
      const CLI::App* asked = app_.get_subcommands().empty() ? nullptr : app_.get_subcommands().front();
      return fail(std::string(e.what()) + " (mizzen " + (asked ? asked->get_name() + " " : "") +
                  "--help tells what there is)");
    }
    const auto result = roles_.at(app_.get_subcommands().front())();
    return result.ok() ? 0 : fail(result.error().message());
  }

 private:
  CLI::App& add(const std::string& name, const std::string& help, std::function<Result<void>()> role) {
    CLI::App* command = app_.add_subcommand(name, help);
    roles_.emplace(command, std::move(role));
    return *command;
  }
  static std::set<std::string> flags_of(const CLI::App& command) {
    std::set<std::string> out;
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) out.insert(name);
    return out;
  }
  static void configure(const LogOptions& log) {
    log::configure({log.format == "json" ? log::Format::Json : log::Format::Text, log.verbosity, 2});
  }

  void add_server() {
    CLI::App& c = add("server", "Run the control plane, and a node unless told otherwise", [this] {
      configure(server_options_.log);
      server_options_.node.data_dir = server_options_.api.data_dir;
      return run_server(server_options_);
    });
    server_ = &c;
    // Taken out of the words before they are parsed.
    c.add_option("--config", config_, "YAML file whose keys are these flags; flags win");
    add_api_flags(c, server_options_.api);
    add_controller_flags(c, server_options_.controllers);
    add_election_flags(c, server_options_.election, "where the store is etcd");
    c.add_flag("--disable-node", server_options_.disable_node, "Run no pods on this machine");
    add_node_flags(c, server_options_.node);
    add_log_flags(c, server_options_.log);
  }
  void add_apiserver() {
    CLI::App& c = add("apiserver", "Run an API server alone", [this] {
      configure(apiserver_options_.log);
      return run_apiserver(apiserver_options_);
    });
    add_api_flags(c, apiserver_options_.api);
    add_log_flags(c, apiserver_options_.log);
  }
  void add_components() {
    manager_options_.lease = "kube-controller-manager";
    CLI::App& manager = add("controller-manager", "Run the controllers alone, for any API server", [this] {
      configure(manager_options_.log);
      return run_controller_manager(manager_options_);
    });
    add_component_flags(manager, manager_options_, 10257);
    add_controller_flags(manager, manager_options_.controllers);
    manager.add_option("--root-ca-file", manager_options_.root_ca_file,
                       "Certificate that every namespace gets as kube-root-ca.crt; default: none does");
    manager
        .add_option("--service-account-private-key-file", manager_options_.token_key_file,
                    "PEM key that signs the tokens in Secrets that ask for one; default: none are made")
        ->transform(from_here());
    add_log_flags(manager, manager_options_.log);

    scheduler_options_.lease = "kube-scheduler";
    scheduler_options_.qps = 50;
    scheduler_options_.burst = 100;
    CLI::App& scheduler = add("scheduler", "Run the scheduler alone, for any API server", [this] {
      configure(scheduler_options_.log);
      return run_scheduler(scheduler_options_);
    });
    add_component_flags(scheduler, scheduler_options_, 10259);
    add_log_flags(scheduler, scheduler_options_.log);
  }
  void add_kubelet() {
    CLI::App& c = add("kubelet", "Run a node alone, for any API server", [this] {
      configure(agent_options_.log);
      return run_kubelet(agent_options_);
    });
    // Taken out of the words before they are parsed.
    c.add_option("--config", config_,
                 "A KubeletConfiguration file, or a manifest or a folder of them (as --pod-manifest-path)");
    add_agent_flags(c, agent_options_);
    add_log_flags(c, agent_options_.log);
  }
  void add_hollow_node() {
    CLI::App& c =
        add("hollow-node", "Run nodes without containers, thousands if wanted, for any API server", [this] {
          configure(hollow_options_.log);
          return run_hollow_nodes(hollow_options_);
        });
    add_hollow_flags(c, hollow_options_);
    add_log_flags(c, hollow_options_.log);
  }
  void add_down() {
    CLI::App& c =
        add("down", "Take pods, containerd, links, rules and mounts of a stopped server off this machine",
            [this] { return run_down(gone_); });
    c.add_option("--data-dir", gone_.data_dir, "The data folder of the server")
        ->capture_default_str()
        ->transform(from_here());
    add_node_flags(c, gone_);
  }

  CLI::App app_{"Mizzen: Kubernetes in one small program.", "mizzen"};
  std::map<const CLI::App*, std::function<Result<void>()>> roles_;  // looked up, never walked
  const CLI::App* server_ = nullptr;
  std::string config_;
  ServerOptions server_options_;
  ApiServerOptions apiserver_options_;
  ComponentOptions manager_options_, scheduler_options_;
  AgentOptions agent_options_;
  HollowOptions hollow_options_;
  NodeOptions gone_;
};

}  // namespace

int run(int argc, char** argv) { return CommandLine().run({argv + 1, argv + argc}); }

}  // namespace mizzen::apps
