#include "linux/groups/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/strings.h"
#include "linux/files/file.h"

namespace mizzen::linux {
namespace {

constexpr int kDepthMax = 16;
constexpr size_t kControlBytesMax = 65536;
/// Version 1 says no limit with the largest number of whole pages.
constexpr uint64_t kNoLimitV1 = 1ull << 62;

/// A control file is written in place: it cannot be replaced by rename.
Result<void> write_control(const std::string& path, const std::string& value) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + path, errno);
  if (::write(fd.get(), value.data(), value.size()) < 0)
    return system_error(fmt::format("write {} to {}", value, path), errno);
  return {};
}

bool is_folder(const std::string& path) {
  struct stat st{};
  return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

std::vector<std::string> folders_in(const std::string& path) {
  auto names = list_folders_in(path);
  return names.ok() ? std::move(*names) : std::vector<std::string>();
}

Result<void> remove_tree(const std::string& path, int depth) {
  if (depth > kDepthMax) return Error(Code::RequestEntityTooLarge, path + " is too deep");
  for (const auto& name : folders_in(path)) MZ_TRY(remove_tree(path + "/" + name, depth + 1));
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
  if (errno == EBUSY) return Error(Code::Conflict, path + " still holds processes");
  return system_error("remove group " + path, errno);
}

void collect_processes(const std::string& path, int depth, std::set<int>& out) {
  if (depth > kDepthMax) return;
  const auto text = read_file(path + "/cgroup.procs");
  if (text.ok()) {
    for (auto line : split(*text, '\n')) {
      if (const auto pid = parse_int<int>(line)) out.insert(*pid);
    }
  }
  for (const auto& name : folders_in(path)) collect_processes(path + "/" + name, depth + 1, out);
}

/// cpuset groups of version 1 are born without CPUs and take no process until their parent's are copied.
Result<void> inherit_cpuset(const std::string& folder) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    auto own = read_file(folder + "/" + file, 4096);
    if (!own.ok() || !trim(*own).empty()) continue;
    auto above = read_file(folder.substr(0, folder.rfind('/')) + "/" + file, 4096);
    if (above.ok()) MZ_TRY(write_control(folder + "/" + file, std::string(trim(*above))));
  }
  return {};
}

/// Version 2: lets the groups below `folder` have controllers.
Result<void> enable_controllers(const std::string& folder) {
  // One by one: asking for one controller the parent lacks would refuse them all.
  for (const char* controller : {"+cpu", "+memory", "+pids", "+cpuset", "+io", "+hugetlb"}) {
    auto enabled = write_control(folder + "/cgroup.subtree_control", controller);
    if (!enabled.ok() && std::string_view(controller) == "+memory") return enabled;
  }
  return {};
}

std::optional<uint64_t> stat_value(const std::string& text, std::string_view name) {
  for (auto line : split(text, '\n')) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
      return parse_int<uint64_t>(line.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool valid_path(const std::string& path) {
  return path.size() > 1 && path.front() == '/' && path.back() != '/' && path.find("..") == std::string::npos;
}

}  // namespace

uint64_t cpu_weight_of_shares(uint64_t shares) {
  const uint64_t clamped = std::clamp<uint64_t>(shares, 2, 262144);
  return 1 + ((clamped - 2) * 9999) / 262142;
}

Result<Cgroups> Cgroups::detect() {
  MZ_ASSIGN(const auto all, mounts());
  return from_mounts(all);
}

Result<Cgroups> Cgroups::from_mounts(const std::vector<MountEntry>& mounts) {
  Cgroups out;
  std::string second;
  std::set<std::string> seen;
  for (const auto& m : mounts) {
    if (m.type == "cgroup2" && second.empty()) second = m.mount_point;
    if (m.type != "cgroup") continue;
    Hierarchy h{.controllers = {}, .mount_point = m.mount_point};
    for (auto option : split(m.super_options, ',')) {
      if (option != "rw" && option != "ro") h.controllers.emplace_back(option);
    }
    if (seen.insert(join(h.controllers, ",")).second) out.hierarchies_.push_back(std::move(h));
  }
  if (out.with("memory") && out.with("cpu")) {
    const auto controllers =
        second.empty() ? Result<std::string>(std::string()) : read_file(second + "/cgroup.controllers", 4096);
    out.hybrid_ = controllers.ok() && !trim(*controllers).empty();
    out.second_ = second;
    return out;
  }
  if (second.empty()) {
    return Error(Code::ServiceUnavailable,
                 "control groups are not mounted: the kernel needs cgroup version 2, or version 1 with cpu "
                 "and memory");
  }
  out.unified_ = true;
  out.hierarchies_ = {Hierarchy{.controllers = {}, .mount_point = second}};
  return out;
}

const Cgroups::Hierarchy* Cgroups::with(std::string_view controller) const {
  if (unified_) return &hierarchies_[0];
  for (const auto& h : hierarchies_) {
    if (has(h.controllers, controller)) return &h;
  }
  return nullptr;
}

Result<void> Cgroups::ensure(const std::string& path, const CgroupLimits& limits) const {
  if (!valid_path(path)) return Error(Code::BadRequest, "not a group's path: " + path);
  for (const auto& h : hierarchies_) {
    if (unified_) MZ_TRY(enable_controllers(h.mount_point));
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string folder = h.mount_point + path.substr(0, end);
      if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
        return system_error("create group " + folder, errno);
      if (has(h.controllers, "cpuset")) MZ_TRY(inherit_cpuset(folder));
      if (end == std::string::npos) break;
      if (unified_) MZ_TRY(enable_controllers(folder));
    }
  }
  return write_limits(path, limits);
}

Result<void> Cgroups::write_limits(const std::string& path, const CgroupLimits& limits) const {
  const auto file = [&](std::string_view controller, std::string_view v1,
                        std::string_view v2) -> std::string {
    const auto* h = with(controller);
    return h ? fmt::format("{}{}/{}", h->mount_point, path, unified_ ? v2 : v1) : std::string();
  };
  const auto number = [&](int64_t n) {
    return n < 0 && unified_ ? std::string("max") : fmt::format("{}", n);
  };
  if (limits.cpu_shares) {
    const uint64_t value = unified_ ? cpu_weight_of_shares(*limits.cpu_shares) : *limits.cpu_shares;
    MZ_TRY(write_control(file("cpu", "cpu.shares", "cpu.weight"), fmt::format("{}", value)));
  }
  if (limits.cpu_quota_us) {
    const std::string quota = number(*limits.cpu_quota_us);
    if (unified_) {
      MZ_TRY(write_control(file("cpu", "", "cpu.max"), fmt::format("{} {}", quota, limits.cpu_period_us)));
    } else {
      MZ_TRY(write_control(file("cpu", "cpu.cfs_period_us", ""), fmt::format("{}", limits.cpu_period_us)));
      MZ_TRY(write_control(file("cpu", "cpu.cfs_quota_us", ""), quota));
    }
  }
  if (limits.memory_limit_bytes) {
    MZ_TRY(write_control(file("memory", "memory.limit_in_bytes", "memory.max"),
                         number(*limits.memory_limit_bytes)));
  }
  const auto pids = file("pids", "pids.max", "pids.max");
  if (limits.pids_max && !pids.empty()) {
    MZ_TRY(write_control(pids, *limits.pids_max < 0 ? "max" : fmt::format("{}", *limits.pids_max)));
  }
  return {};
}

Result<void> Cgroups::remove(const std::string& path) const {
  if (!valid_path(path)) return Error(Code::BadRequest, "not a group's path: " + path);
  Result<void> first;
  for (const auto& h : hierarchies_) {
    auto done = remove_tree(h.mount_point + path, 0);
    if (!done.ok() && first.ok()) first = std::move(done);
  }
  // Beside version 1 runtimes make the same groups in a mounted version 2, without controllers.
  if (!second_.empty()) {
    auto done = remove_tree(second_ + path, 0);
    if (!done.ok() && first.ok()) first = std::move(done);
  }
  return first;
}

bool Cgroups::exists(const std::string& path) const {
  return std::any_of(hierarchies_.begin(), hierarchies_.end(),
                     [&](const Hierarchy& h) { return is_folder(h.mount_point + path); });
}

std::vector<std::string> Cgroups::children(const std::string& path) const {
  std::set<std::string> out;
  for (const auto& h : hierarchies_) {
    for (auto& name : folders_in(h.mount_point + path)) out.insert(std::move(name));
  }
  return {out.begin(), out.end()};
}

std::vector<int> Cgroups::processes(const std::string& path) const {
  std::set<int> out;
  for (const auto& h : hierarchies_) collect_processes(h.mount_point + path, 0, out);
  return {out.begin(), out.end()};
}

std::optional<std::string> Cgroups::read_control(std::string_view controller, const std::string& path,
                                                 std::string_view v1, std::string_view v2) const {
  const auto* h = with(controller);
  if (!h) return std::nullopt;
  auto text = read_file(fmt::format("{}{}/{}", h->mount_point, path, unified_ ? v2 : v1), kControlBytesMax);
  return text.ok() ? std::optional(std::move(*text)) : std::nullopt;
}

void Cgroups::read_memory(const std::string& path, GroupUse& out) const {
  const auto number = [&](std::string_view v1, std::string_view v2) {
    const auto text = read_control("memory", path, v1, v2);
    return text ? parse_int<uint64_t>(trim(*text)) : std::nullopt;
  };
  out.memory_bytes = number("memory.usage_in_bytes", "memory.current");
  out.memory_limit_bytes = number("memory.limit_in_bytes", "memory.max");
  if (out.memory_limit_bytes && *out.memory_limit_bytes >= kNoLimitV1) out.memory_limit_bytes.reset();
  if (unified_) out.swap_bytes = number("", "memory.swap.current");
  const auto stat = read_control("memory", path, "memory.stat", "memory.stat");
  if (!stat || !out.memory_bytes) return;
  const uint64_t inactive = stat_value(*stat, unified_ ? "inactive_file" : "total_inactive_file").value_or(0);
  out.working_set_bytes = *out.memory_bytes > inactive ? *out.memory_bytes - inactive : 0;
  out.rss_bytes = stat_value(*stat, unified_ ? "anon" : "total_rss");
  out.page_faults = stat_value(*stat, unified_ ? "pgfault" : "total_pgfault");
  out.major_page_faults = stat_value(*stat, unified_ ? "pgmajfault" : "total_pgmajfault");
  if (!unified_) out.swap_bytes = stat_value(*stat, "total_swap");
}

Result<GroupUse> Cgroups::use(const std::string& path) const {
  if (!valid_path(path) || !exists(path)) return Error(Code::NotFound, "no such group: " + path);
  GroupUse out;
  read_memory(path, out);
  const auto cpu = read_control(unified_ ? "cpu" : "cpuacct", path, "cpuacct.usage", "cpu.stat");
  if (cpu && unified_) {
    if (const auto us = stat_value(*cpu, "usage_usec")) out.cpu_ns = *us * 1000;
  } else if (cpu) {
    out.cpu_ns = parse_int<uint64_t>(trim(*cpu));
  }
  if (const auto threads = read_control("pids", path, "pids.current", "pids.current"))
    out.threads = parse_int<uint64_t>(trim(*threads));
  return out;
}

}  // namespace mizzen::linux
