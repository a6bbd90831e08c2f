#include "network/cni/cni_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "codec/json/tree.h"
#include "linux/files/file.h"
#include "network/plugin/plugin_image.h"

namespace mizzen::network {
namespace {

using codec::Value;

Result<void> put(const std::string& path, std::string_view bytes, unsigned mode) {
  const auto present = read_file(path);
  if (present.ok() && *present == bytes && ::access(path.c_str(), mode & 0111 ? X_OK : R_OK) == 0) return {};
  return write_file(path, bytes, mode);
}

}  // namespace

std::string cni_config_list(const NetworkOptions& o) {
  Value plugin = Value::object();
  plugin["type"] = Value::string("mizzen-cni");
  plugin["socket"] = Value::string(o.socket());
  plugin["capabilities"]["portMappings"] = Value::boolean(true);
  Value out = Value::object();
  out["cniVersion"] = Value::string("0.4.0");
  out["name"] = Value::string(o.table);  // and so of what the runtime remembers of calls
  out["plugins"] = Value::array();
  out["plugins"].items().push_back(std::move(plugin));
  return out.str();
}

Result<void> install_cni(const NetworkOptions& options, const std::string& conf_folder,
                         const std::string& bin_folder) {
  MZ_TRY(make_folders(bin_folder, 0755));
  MZ_TRY(make_folders(conf_folder, 0755));
  MZ_TRY(put(bin_folder + "/mizzen-cni", plugin_image(), 0755));
  const std::string loopback = bin_folder + "/loopback";
  ::unlink(loopback.c_str());
  if (::symlink("mizzen-cni", loopback.c_str()) != 0) return system_error("link " + loopback, errno);
  return put(conf_folder + "/10-mizzen.conflist", cni_config_list(options), 0644);
}

Result<void> remove_cni_results(const NetworkOptions& options, const std::string& folder) {
  const auto names = linux::list_folder(folder);
  if (!names.ok()) return {};
  const std::string ours = options.table + "-";
  for (const auto& name : *names) {
    if (!name.starts_with(ours)) continue;
    // NETWORK-CONTAINER-INTERFACE; the loopback's stands beside it.
    const auto id = name.substr(ours.size(), name.rfind('-') - ours.size());
    if (id.find('-') != std::string::npos) continue;  // of a table whose name begins as ours does
    MZ_TRY(linux::remove_all(folder + "/" + name));
    MZ_TRY(linux::remove_all(fmt::format("{}/cni-loopback-{}-lo", folder, id)));
  }
  // Others may have theirs there: only what is empty goes.
  if (::rmdir(folder.c_str()) == 0) ::rmdir(folder.substr(0, folder.rfind('/')).c_str());
  return {};
}

}  // namespace mizzen::network
