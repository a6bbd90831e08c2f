#include "network/bridge/address_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <map>

#include "base/strings.h"
#include "linux/files/file.h"

namespace mizzen::network {
namespace {

constexpr const char* kLast = "last";
constexpr const char* kLock = "lock";

/// Unlike FileLock this one waits: the holders are short.
Result<linux::Fd> lock_folder(const std::string& folder) {
  MZ_TRY(make_folders(folder, 0700));
  const std::string path = folder + "/" + kLock;
  linux::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return system_error("open " + path, errno);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_error("lock " + path, errno);
  }
  return fd;
}

Result<std::map<uint32_t, std::string>> read_all(const std::string& folder) {
  std::map<uint32_t, std::string> out;
  auto names = linux::list_folder(folder);
  if (!names.ok()) {
    if (names.error().code() == Code::NotFound) return out;
    return names.error();
  }
  for (const auto& name : *names) {
    const auto address = parse_ipv4(name);
    if (!address) continue;
    auto owner = read_file(folder + "/" + name, 4096);
    if (owner.ok()) out[*address] = std::string(trim(*owner));
  }
  return out;
}

}  // namespace

Result<uint32_t> AddressPool::take(const std::string& owner) {
  MZ_ASSIGN(const auto lock, lock_folder(folder_));
  MZ_ASSIGN(const auto all, read_all(folder_));
  for (const auto& [address, holder] : all) {
    if (holder == owner && range_.contains(address)) return address;
  }
  const uint32_t first = range_.base + 2;
  const uint32_t count = range_.size() - 3;
  const auto last_text = read_file(folder_ + "/" + kLast, 64);
  const auto last = last_text.ok() ? parse_ipv4(trim(*last_text)) : std::nullopt;
  const uint32_t start = last && range_.contains(*last) && *last >= first ? *last - first + 1 : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t address = first + (start + i) % count;
    if (all.contains(address)) continue;
    MZ_TRY(write_file(folder_ + "/" + format_ipv4(address), owner + "\n", 0600));
    MZ_TRY(write_file(folder_ + "/" + kLast, format_ipv4(address) + "\n", 0600));
    return address;
  }
  return Error(Code::TooManyRequests, fmt::format("no free address in {}", range_.text()));
}

Result<void> AddressPool::give_back(const std::string& owner) {
  MZ_ASSIGN(const auto lock, lock_folder(folder_));
  MZ_ASSIGN(const auto all, read_all(folder_));
  for (const auto& [address, holder] : all) {
    const std::string path = folder_ + "/" + format_ipv4(address);
    if (holder == owner && ::unlink(path.c_str()) != 0 && errno != ENOENT)
      return system_error("remove " + path, errno);
  }
  return {};
}

Result<uint32_t> AddressPool::find(const std::string& owner) const {
  MZ_ASSIGN(const auto all, read_all(folder_));
  for (const auto& [address, holder] : all) {
    if (holder == owner) return address;
  }
  return Error(Code::NotFound, "no address belongs to " + owner);
}

Result<size_t> AddressPool::used() const {
  MZ_ASSIGN(const auto all, read_all(folder_));
  return all.size();
}

}  // namespace mizzen::network
