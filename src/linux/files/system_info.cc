#include "linux/files/system_info.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "linux/files/descriptor.h"
#include "linux/files/file.h"

namespace mizzen::linux {
namespace {

std::string first_line(const std::string& path) {
  auto text = read_file(path, 4096);
  return text.ok() ? std::string(trim(split(*text, '\n')[0])) : std::string();
}

uint64_t meminfo_bytes(std::string_view field) {
  const auto text = read_file("/proc/meminfo", 65536);
  if (!text.ok()) return 0;
  for (auto line : split(*text, '\n')) {
    if (!line.starts_with(field) || line.size() <= field.size() || line[field.size()] != ':') continue;
    auto number = trim(line.substr(field.size() + 1));
    number = number.substr(0, number.find(' '));
    return parse_int<uint64_t>(number).value_or(0) * 1024;
  }
  return 0;
}

std::string os_image() {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const auto text = read_file(path, 65536);
    if (!text.ok()) continue;
    for (auto line : split(*text, '\n')) {
      if (!line.starts_with("PRETTY_NAME=")) continue;
      auto value = line.substr(12);
      if (value.size() >= 2 && (value.front() == '"' || value.front() == '\''))
        value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
  }
  return {};
}

std::string go_architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return std::string(machine);
}

/// From the folders hugepages-<n>kB below /sys.
std::vector<std::pair<uint64_t, uint64_t>> huge_pages() {
  const std::string folder = "/sys/kernel/mm/hugepages";
  std::vector<std::pair<uint64_t, uint64_t>> out;
  const auto sizes = list_folder(folder);
  if (!sizes.ok()) return out;
  for (const std::string& name : *sizes) {
    std::string_view size = name;
    if (!size.starts_with("hugepages-") || !size.ends_with("kB")) continue;
    size.remove_prefix(10);
    size.remove_suffix(2);
    const auto kibibytes = parse_int<uint64_t>(size);
    const auto count = parse_int<uint64_t>(first_line(folder + "/" + name + "/nr_hugepages"));
    if (kibibytes && count) out.emplace_back(*kibibytes * 1024, *kibibytes * 1024 * *count);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

SystemInfo system_info() {
  SystemInfo out;
  utsname name{};
  if (::uname(&name) == 0) {
    out.hostname = name.nodename;
    out.kernel_version = name.release;
    out.architecture = go_architecture(name.machine);
  }
  out.os_image = os_image();
  out.machine_id = first_line("/etc/machine-id");
  out.system_uuid = to_lower(first_line("/sys/class/dmi/id/product_uuid"));
  if (out.system_uuid.empty()) out.system_uuid = out.machine_id;
  out.boot_id = first_line("/proc/sys/kernel/random/boot_id");
  out.memory_bytes = meminfo_bytes("MemTotal");
  out.swap_bytes = meminfo_bytes("SwapTotal");
  out.huge_pages = huge_pages();
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) out.cpus = CPU_COUNT(&set);
  return out;
}

int64_t processes_max() {
  const auto ids = parse_int<int64_t>(first_line("/proc/sys/kernel/pid_max"));
  const auto threads = parse_int<int64_t>(first_line("/proc/sys/kernel/threads-max"));
  return ids && threads ? std::min(*ids, *threads) : ids.value_or(threads.value_or(0));
}

bool app_armor_enabled() {
  return path_exists("/sys/kernel/security/apparmor") &&
         first_line("/sys/module/apparmor/parameters/enabled").starts_with("Y");
}

bool has_capability(int number) {
  const auto status = read_file("/proc/self/status", 65536);
  if (!status.ok()) return false;
  for (auto line : split(*status, '\n')) {
    if (!line.starts_with("CapEff:")) continue;
    const auto hex = trim(line.substr(7));
    uint64_t bits = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
    return ((bits >> number) & 1) != 0;
  }
  return false;
}

Result<void> set_kernel_parameter(const std::string& path, const std::string& value) {
  const std::string file = "/proc/sys/" + path;
  Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + file, errno);
  if (::write(fd.get(), value.data(), value.size()) < 0) return system_error("write " + file, errno);
  return {};
}

}  // namespace mizzen::linux
