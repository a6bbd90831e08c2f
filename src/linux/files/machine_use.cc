#include "linux/files/machine_use.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::linux {
namespace {

constexpr size_t kTextMax = 1 << 20;

std::string text_of(const std::string& path) {
  auto text = read_file(path, kTextMax);
  return text.ok() ? std::move(*text) : std::string();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < line.size();) {
    const size_t begin = line.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t", begin), line.size());
    out.push_back(line.substr(begin, at - begin));
  }
  return out;
}

uint64_t number(std::string_view text) { return parse_int<uint64_t>(text).value_or(0); }

/// The second word of the line that begins with `name`.
uint64_t value_of(const std::string& text, std::string_view name) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with(name)) continue;
    const auto words = words_of(line);
    if (words.size() > 1 && words[0] == name) return number(words[1]);
  }
  return 0;
}

}  // namespace

MachineUse machine_use() {
  MachineUse out;
  const std::string memory = text_of("/proc/meminfo");
  const auto kibibytes = [&](std::string_view name) { return value_of(memory, name) * 1024; };
  out.memory_bytes = kibibytes("MemTotal:");
  out.memory_free_bytes = kibibytes("MemFree:");
  out.file_cache_bytes = kibibytes("Inactive(file):");
  out.anonymous_bytes = kibibytes("AnonPages:");
  out.swap_bytes = kibibytes("SwapTotal:");
  out.swap_free_bytes = kibibytes("SwapFree:");
  const std::string stat = text_of("/proc/stat");
  out.booted = WallTime(std::chrono::seconds(value_of(stat, "btime")));
  for (const auto line : split(stat, '\n')) {
    if (!line.starts_with("cpu ")) continue;
    const auto words = words_of(line);
    uint64_t ticks = 0;  // user, nice, system, irq, softirq, steal
    for (const size_t i : {1u, 2u, 3u, 6u, 7u, 8u})
      if (i < words.size()) ticks += number(words[i]);
    out.cpu_ns = ticks * (1'000'000'000 / static_cast<uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L)));
  }
  const std::string pages = text_of("/proc/vmstat");
  out.page_faults = value_of(pages, "pgfault");
  out.major_page_faults = value_of(pages, "pgmajfault");
  // 0.00 0.01 0.05 1/123 456: of 123 threads one runs.
  const std::string loads = text_of("/proc/loadavg");
  const auto load = words_of(loads);
  if (load.size() > 3)
    out.threads =
        static_cast<int64_t>(number(load[3].substr(std::min(load[3].find('/') + 1, load[3].size()))));
  return out;
}

std::vector<InterfaceUse> parse_interface_use(const std::string& text) {
  std::vector<InterfaceUse> out;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto words = words_of(line.substr(colon + 1));
    const std::string name(trim(line.substr(0, colon)));
    if (name == "lo" || words.size() < 11) continue;
    out.push_back({name, number(words[0]), number(words[2]), number(words[8]), number(words[10])});
  }
  return out;
}

std::vector<InterfaceUse> interface_use(int pid) {
  return parse_interface_use(text_of(pid == 0 ? "/proc/net/dev" : fmt::format("/proc/{}/net/dev", pid)));
}

std::string default_interface() {
  const std::string routes = text_of("/proc/net/route");
  for (const auto line : split(routes, '\n')) {
    const auto words = words_of(line);
    if (words.size() > 7 && words[1] == "00000000" && words[7] == "00000000") return std::string(words[0]);
  }
  return {};
}

}  // namespace mizzen::linux
