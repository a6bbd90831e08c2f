#include "volumes/plugins/volume_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::volumes {
namespace {

constexpr int kLinksMax = 40;  // as the kernel's
constexpr size_t kDepthMax = 256;

std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> out;
  for (const auto part : split(path, '/'))
    if (!part.empty() && part != ".") out.emplace_back(part);
  return out;
}

Result<std::string> target_of(int folder, const char* name, const std::string& shown) {
  char buffer[PATH_MAX];
  const auto n = ::readlinkat(folder, name, buffer, sizeof buffer);
  if (n < 0) return system_error("read link " + shown, errno);
  if (static_cast<size_t>(n) == sizeof buffer) return system_error("read link " + shown, ENAMETOOLONG);
  return std::string(buffer, static_cast<size_t>(n));
}

/// A folder first: only so the kernel mounts what is mounted on demand there.
linux::Fd open_one(int folder, const std::string& name) {
  constexpr int kFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  linux::Fd fd(::openat(folder, name.c_str(), kFlags | O_DIRECTORY));
  if (!fd.valid() && errno == ENOTDIR) fd.reset(::openat(folder, name.c_str(), kFlags));
  return fd;
}

}  // namespace

Result<void> VolumeWalk::start() {
  linux::Fd volume(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!volume.valid()) return system_error("open volume " + path_, errno);
  MZ_ASSIGN(const auto real,
            target_of(AT_FDCWD, fmt::format("/proc/self/fd/{}", volume.get()).c_str(), path_));
  given_ = names_of(path_);
  real_ = names_of(real);
  stack_.push_back(std::move(volume));
  return {};
}

Result<linux::Fd> VolumeWalk::open(const std::string& path) {
  MZ_TRY(start());
  for (auto& name : names_of(path)) rest_.push_back({std::move(name), false});
  while (!rest_.empty()) {
    const Part part = std::move(rest_.front());
    rest_.pop_front();
    if (outside_) {
      pass_outside(part.name);
    } else {
      MZ_TRY(enter(part));
    }
  }
  if (outside_) return Error(Code::Forbidden, "open " + path + ": leads out of its volume");
  return std::move(stack_.back());
}

Result<void> VolumeWalk::enter(const Part& part) {
  if (part.name == "..") {
    go_up();
    return {};
  }
  if (stack_.size() > kDepthMax) return Error(Code::Forbidden, "open " + part.name + ": too deep");
  linux::Fd next = open_one(stack_.back().get(), part.name);
  if (!next.valid() && errno == ENOENT && !part.of_link) {
    auto made = make(part.name);
    failed_to_make_ = !made.ok();
    MZ_TRY(made);
    next = open_one(stack_.back().get(), part.name);
  }
  if (!next.valid()) {
    failed_to_make_ = errno == ENOENT;
    return system_error("open " + part.name, errno);
  }
  struct stat st{};
  if (::fstat(next.get(), &st) != 0) return system_error("stat " + part.name, errno);
  if (S_ISLNK(st.st_mode)) return follow(next, part.name);
  stack_.push_back(std::move(next));
  return {};
}

/// One that stands by now keeps what it has.
Result<void> VolumeWalk::make(const std::string& name) {
  struct stat volume{};
  if (::fstat(stack_.front().get(), &volume) != 0) return system_error("stat volume " + path_, errno);
  const int parent = stack_.back().get();
  if (::mkdirat(parent, name.c_str(), volume.st_mode & 0777) != 0) {
    return errno == EEXIST ? Result<void>() : system_error("mkdir " + name, errno);
  }
  const linux::Fd made(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made.valid()) return system_error("open " + name, errno);
  if ((volume.st_mode & S_ISGID) != 0 && ::fchown(made.get(), static_cast<uid_t>(-1), volume.st_gid) != 0)
    return system_error("chown " + name, errno);
  if (::fchmod(made.get(), volume.st_mode & 07777) != 0) return system_error("chmod " + name, errno);
  return {};
}

Result<void> VolumeWalk::follow(const linux::Fd& link, const std::string& name) {
  if (++links_ > kLinksMax) return Error(Code::Forbidden, "open " + name + ": too many links");
  MZ_ASSIGN(const auto target, target_of(link.get(), "", name));
  const auto names = names_of(target);
  for (auto part = names.rbegin(); part != names.rend(); ++part) rest_.push_front({*part, true});
  if (!target.starts_with("/")) return {};
  outside_.emplace();
  look_for_the_volume();
  return {};
}

void VolumeWalk::go_up() {
  if (stack_.size() > 1) {
    stack_.pop_back();
    return;
  }
  outside_ = real_;
  if (!outside_->empty()) outside_->pop_back();
  look_for_the_volume();
}

void VolumeWalk::pass_outside(const std::string& name) {
  if (name != "..") {
    outside_->push_back(name);
  } else if (!outside_->empty()) {
    outside_->pop_back();
  }
  look_for_the_volume();
}

void VolumeWalk::look_for_the_volume() {
  if (outside_ != real_ && outside_ != given_) return;
  outside_.reset();
  stack_.resize(1);
}

}  // namespace mizzen::volumes
