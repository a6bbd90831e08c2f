#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/bridge/pod_network.h"

namespace mizzen::network {

/// What a CNI runtime says in the environment of the plug-in.
struct CniEnvironment {
  std::string command;  ///< ADD, DEL, CHECK, VERSION
  std::string container_id;
  std::string network_namespace;
  std::string interface;
};

/// What the plug-in answers: text for stdout and the exit code (0, or 1 with an error document).
struct CniAnswer {
  std::string output;
  int exit_code = 0;
};

/// What a CNI configuration says, for the plug-in's own use.
struct CniConfig {
  std::string version;
  NetworkOptions options;
  std::vector<HostPort> ports;  ///< not checked yet
  CniAnswer problem;            ///< the error document where the text is no configuration we understand
};
/// Pure.
CniConfig parse_cni_config(std::string_view text);

/// Carries out one CNI call. `loopback` stands for the plug-in of that name, which only brings `lo` up;
/// otherwise it is ours. Never fails but in the answer: errors are CNI error documents with the
/// specification's codes.
CniAnswer cni_call(const CniEnvironment& environment, std::string_view config, bool loopback);

/// The program as CNI plug-in: `argv[0]` says which. Reads the configuration from stdin, answers on stdout.
int cni_main(int argc, char** argv);
/// True where the program was called under one of the plug-in's names.
bool is_cni_name(std::string_view program);

/// Pure: the configuration list for a runtime's conf_dir (file name `10-mizzen.conflist`).
std::string cni_config_list(const NetworkOptions& options);
/// Removes what the runtime's CNI library remembered of this network's calls; the folder too where nothing
/// else is in it.
Result<void> remove_cni_results(const NetworkOptions& options,
                                const std::string& folder = "/var/lib/cni/results");
/// Writes that file into conf_folder and puts the plug-in's names, links to `program`, into bin_folder.
Result<void> install_cni(const NetworkOptions& options, const std::string& program,
                         const std::string& conf_folder, const std::string& bin_folder);

}  // namespace mizzen::network
