#include "apps/host/preflight.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strings.h"
#include "controllers/framework/environment.h"
#include "linux/net/listener.h"

namespace mizzen::apps {

namespace {

Result<void> check_port(const std::string& address, uint16_t port, std::string_view what,
                        std::string_view flag) {
  if (port == 0) return {};  // the system gives one
  const auto r = linux::check_can_listen(address, port);
  if (r.ok()) return r;
  if (r.error().code() != Code::Conflict) return r.error().with_context(what);
  return Error(r.error().code(), fmt::format("{}: {}: stop that, or name another port with {}", what,
                                             r.error().message(), flag));
}

bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ':'))
    if (::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

/// `instead`: what else can be done, to go on with ", or ...".
Result<void> check_node(const NodeOptions& options, const std::string& instead) {
  if (::geteuid() != 0) return Error(Code::Forbidden, "running pods needs root: run it with sudo" + instead);
  MZ_TRY(check_port("0.0.0.0", static_cast<uint16_t>(options.kubelet_port), "node", "--kubelet-port"));
  if (options.container_runtime_endpoint.empty()) {
    if (!on_path("containerd"))
      return Error(
          Code::NotFound,
          "containerd is not on PATH: install it (apt-get install containerd runc), name a runtime that "
          "is there with --container-runtime-endpoint" +
              instead);
    const auto known = read_file("/proc/filesystems");
    if (known.ok() && known->find("\toverlay\n") == std::string::npos && !path_exists("/lib/modules"))
      return Error(Code::NotFound, "this kernel has no overlay file system, which containers are made of");
  }
  if (!path_exists("/sys/fs/cgroup/cgroup.controllers") && !path_exists("/sys/fs/cgroup/memory"))
    return Error(Code::NotFound, "control groups are not mounted below /sys/fs/cgroup: mount them" + instead);
  return {};
}

}  // namespace

Result<void> preflight(const ApiOptions& options) {
  // One of these files is what makes the store speak TLS: without, it would ask an https address in the
  // clear.
  if (options.etcd_https && options.etcd_ca_file.empty() && options.etcd_certificate_file.empty() &&
      options.etcd_key_file.empty())
    return Error(Code::Invalid, "--etcd-servers: https needs --etcd-cafile, or a client certificate");
  return check_port(options.bind_address, options.secure_port, "API", "--secure-port");
}

Result<void> preflight(const NodeOptions& options) { return check_node(options, ""); }

Result<void> preflight(const ServerOptions& options) {
  if (const std::string fault = options.election.times.fault(); !fault.empty())
    return Error(Code::Invalid, "--leader-elect-lease-duration, -renew-deadline, -retry-period: " + fault);
  if (const std::string fault = controllers::controllers_fault(options.controllers.controllers);
      !fault.empty())
    return Error(Code::Invalid, "--controllers: " + fault);
  MZ_TRY(preflight(options.api));
  return options.disable_node ? Result<void>()
                              : check_node(options.node, ", or run without a node by --disable-node");
}

}  // namespace mizzen::apps
