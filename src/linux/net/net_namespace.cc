#include "linux/net/net_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

#include "async/thread.h"
#include "linux/files/descriptor.h"
#include "linux/files/mounts.h"

namespace mizzen::linux {
namespace {

/// A namespace belongs to a thread: the work gets a thread that ends with it, so that no pool thread can be
/// left behind in the wrong namespace after an error.
Result<void> on_own_thread(const std::function<Result<void>()>& f) {
  Result<void> result;
  Thread thread("netns", [&] { result = f(); });
  thread.join();
  return result;
}

}  // namespace

Result<NamespaceId> namespace_at(const std::string& path) {
  const Fd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return system_error("open network namespace " + path, errno);
  struct statfs system{};
  struct stat at{};
  if (::fstatfs(file.get(), &system) != 0 || ::fstat(file.get(), &at) != 0)
    return system_error("look at " + path, errno);
  if (system.f_type != NSFS_MAGIC) return Error(Code::NotFound, path + " is no namespace");
  return NamespaceId{at.st_dev, at.st_ino};
}

Result<void> in_network_namespace(const std::string& path, const std::function<Result<void>()>& f) {
  Fd space(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.valid()) return system_error("open network namespace " + path, errno);
  return on_own_thread([&]() -> Result<void> {
    if (::setns(space.get(), CLONE_NEWNET) != 0)
      return system_error("enter network namespace " + path, errno);
    return f();
  });
}

Result<void> create_network_namespace(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file.valid()) return system_error("create " + path, errno);
  auto made = on_own_thread([&]() -> Result<void> {
    if (::unshare(CLONE_NEWNET) != 0) return system_error("new network namespace", errno);
    return bind_mount("/proc/thread-self/ns/net", path, {.recursive = false});
  });
  if (!made.ok()) ::unlink(path.c_str());
  return made;
}

Result<void> delete_network_namespace(const std::string& path) {
  MZ_TRY(unmount(path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  return {};
}

}  // namespace mizzen::linux
