#pragma once
#include <string>

#include "base/result.h"
#include "network/plan/network_options.h"

namespace mizzen::network {

/// Pure: the configuration list for a runtime's conf_dir (file name `10-mizzen.conflist`).
std::string cni_config_list(const NetworkOptions& options);
/// Puts the plug-in, under both its names, into bin_folder, and the configuration into conf_folder; what is
/// there already is left alone.
Result<void> install_cni(const NetworkOptions& options, const std::string& conf_folder,
                         const std::string& bin_folder);
/// Removes what the runtime's CNI library remembered of this network's calls; the folder too where nothing
/// else is in it.
Result<void> remove_cni_results(const NetworkOptions& options,
                                const std::string& folder = "/var/lib/cni/results");

}  // namespace mizzen::network
