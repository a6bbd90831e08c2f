#include "linux/files/mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/strings.h"

namespace mizzen::linux {
namespace {

constexpr size_t kMountinfoBytesMax = 16u << 20;

/// Mountinfo writes blank, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out.push_back(
          static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Result<void> remount_read_only(const std::string& target, const char* shown) {
  // A remount must repeat the flags the mount inherited, or an unprivileged owner could have them dropped.
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
  MZ_ASSIGN(auto all, mounts());
  for (const auto& m : all) {
    if (m.mount_point != shown) continue;
    for (auto option : split(m.options, ',')) {
      if (option == "nosuid") flags |= MS_NOSUID;
      if (option == "nodev") flags |= MS_NODEV;
      if (option == "noexec") flags |= MS_NOEXEC;
    }
  }
  if (::mount(nullptr, target.c_str(), nullptr, flags, nullptr) != 0) {
    return system_error("remount read-only " + target, errno);
  }
  return {};
}

bool is_under(std::string_view path, std::string_view prefix) {
  return path == prefix || (path.size() > prefix.size() && path.starts_with(prefix) &&
                            (prefix == "/" || path[prefix.size()] == '/'));
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> out;
  for (auto line : split(text, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < 10) continue;
    MountEntry entry;
    entry.root = unescape(fields[3]);
    entry.mount_point = unescape(fields[4]);
    entry.options = fields[5];
    size_t i = 6;
    for (; i < fields.size() && fields[i] != "-"; ++i) {
      if (fields[i].starts_with("shared:")) entry.shared = true;
    }
    if (i + 3 >= fields.size()) continue;
    entry.type = fields[i + 1];
    entry.source = unescape(fields[i + 2]);
    entry.super_options = fields[i + 3];
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<MountEntry>> mounts() {
  MZ_ASSIGN(const auto text, read_file("/proc/self/mountinfo", kMountinfoBytesMax));
  return parse_mountinfo(text);
}

Result<bool> is_mount_point(const std::string& path) {
  MZ_ASSIGN(const auto all, mounts());
  for (const auto& entry : all) {
    if (entry.mount_point == path) return true;
  }
  return false;
}

Result<void> bind_mount(const std::string& source, const std::string& target, const BindOptions& options) {
  const unsigned long flags = MS_BIND | (options.recursive ? static_cast<unsigned long>(MS_REC) : 0UL);
  if (::mount(source.c_str(), target.c_str(), nullptr, flags, nullptr) != 0) {
    return system_error(fmt::format("bind mount {} at {}", source, target), errno);
  }
  if (!options.read_only) return {};
  auto done = remount_read_only(target, target.c_str());
  if (!done.ok()) ::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  return done;
}

Result<void> bind_mount(const Fd& source, const std::string& target, const BindOptions& options) {
  return bind_mount(fmt::format("/proc/self/fd/{}", source.get()), target, options);
}

Result<void> mount_tmpfs(const std::string& target, const TmpfsOptions& options) {
  std::string data = fmt::format("mode={:o}", options.mode);
  if (options.size_bytes > 0) data += fmt::format(",size={}", options.size_bytes);
  const unsigned long flags = MS_NOSUID | MS_NODEV;
  if (options.no_swap && ::mount("tmpfs", target.c_str(), "tmpfs", flags, (data + ",noswap").c_str()) == 0)
    return {};
  if (::mount("tmpfs", target.c_str(), "tmpfs", flags, data.c_str()) != 0) {
    return system_error("mount tmpfs at " + target, errno);
  }
  return {};
}

Result<void> make_shared(const std::string& path) {
  MZ_ASSIGN(const auto all, mounts());
  const MountEntry* found = nullptr;
  for (const auto& entry : all) {
    if (entry.mount_point == path) found = &entry;
  }
  if (found && found->shared) return {};
  if (!found) MZ_TRY(bind_mount(path, path));
  if (::mount(nullptr, path.c_str(), nullptr, MS_SHARED | MS_REC, nullptr) != 0) {
    return system_error("make shared " + path, errno);
  }
  return {};
}

Result<void> unmount(const std::string& path) {
  if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0 || errno == EINVAL || errno == ENOENT) return {};
  if (errno == EBUSY && ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
  return system_error("unmount " + path, errno);
}

Result<void> unmount_all_under(const std::string& prefix) {
  MZ_ASSIGN(const auto all, mounts());
  Result<void> first;
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
    if (!is_under(entry->mount_point, prefix)) continue;
    auto done = unmount(entry->mount_point);
    if (!done.ok() && first.ok()) first = std::move(done);
  }
  return first;
}

Result<Fd> open_beneath(int folder, const std::string& path, int flags, Crossing crossing, unsigned mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (crossing == Crossing::Forbidden) how.resolve |= RESOLVE_NO_XDEV;
  for (int tries = 0; tries < 16; ++tries) {  // EAGAIN: a rename raced with the look-up of ".."
    Fd fd(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
    if (fd.valid()) return fd;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  const int error = errno;
  // The kernel says EXDEV for both reasons; without leave to cross, a mount is the likely one.
  if (error == EXDEV && crossing == Crossing::Forbidden) {
    return Error(Code::Conflict, "open " + path + ": something is mounted there");
  }
  if (error == EXDEV || error == ELOOP)
    return Error(Code::Forbidden, "open " + path + ": leads out of its folder");
  return system_error("open " + path, error);
}

}  // namespace mizzen::linux
