#include "kubelet/eviction/thresholds.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "base/strings.h"
#include "codec/tables/values.h"

namespace mizzen::kubelet {
namespace {

struct SignalFacts {
  Signal signal;
  std::string_view name;
  std::string_view resource;
};
constexpr std::array<SignalFacts, 7> kSignals = {{
    {Signal::MemoryAvailable, "memory.available", "memory"},
    {Signal::AllocatableMemoryAvailable, "allocatableMemory.available", "memory"},
    {Signal::NodeFsAvailable, "nodefs.available", "ephemeral-storage"},
    {Signal::NodeFsInodesFree, "nodefs.inodesFree", "inodes"},
    {Signal::ImageFsAvailable, "imagefs.available", "ephemeral-storage"},
    {Signal::ImageFsInodesFree, "imagefs.inodesFree", "inodes"},
    {Signal::PidAvailable, "pid.available", "pids"},
}};

const SignalFacts& facts_of(Signal signal) { return kSignals[static_cast<size_t>(signal)]; }

using Pairs = std::vector<std::pair<std::string, std::string>>;

Result<Pairs> pairs_of(const std::string& flag, char between) {
  Pairs out;
  for (const auto item : split(flag, ',')) {
    if (item.empty()) continue;
    const auto at = item.find(between);
    if (at == std::string_view::npos)
      return Error(Code::BadRequest, fmt::format("malformed pair, expect string{}string", between));
    std::string name(trim(item.substr(0, at)));
    std::erase_if(out, [&](const auto& earlier) { return earlier.first == name; });
    out.emplace_back(std::move(name), trim(item.substr(at + 1)));
  }
  return out;
}

/// Nothing where the signal means nothing of its own.
Result<std::optional<Signal>> signal_of(const std::string& name) {
  if (name == "containerfs.available" || name == "containerfs.inodesFree") return std::optional<Signal>();
  for (const auto& known : kSignals)
    if (known.name == name) return std::optional<Signal>(known.signal);
  return Error(Code::BadRequest, "unsupported eviction signal " + name);
}

Result<float> part_of(const std::string& text) {
  const std::string number = text.substr(0, text.find_last_not_of('%') + 1);
  char* end = nullptr;
  const float value = std::strtof(number.c_str(), &end);
  const bool is_hex = number.find_first_of("xX") != std::string::npos;  // a float to C alone
  if (number.empty() || is_hex || end != number.c_str() + number.size())
    return Error(Code::BadRequest,
                 fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", quote(number)));
  return value / 100;
}

/// Nothing where the threshold is to be ignored.
Result<std::optional<Amount>> threshold_value(const std::string& name, const std::string& text) {
  if (text.ends_with('%')) {
    if (text == "0%" || text == "100%") return std::optional<Amount>();
    MZ_ASSIGN(const float part, part_of(text));
    if (!(part >= 0))
      return Error(Code::BadRequest,
                   fmt::format("eviction percentage threshold {} must be >= 0%: {}", name, text));
    if (part > 1)
      return Error(Code::BadRequest,
                   fmt::format("eviction percentage threshold {} must be <= 100%: {}", name, text));
    return std::optional<Amount>(Amount{std::nullopt, part});
  }
  MZ_ASSIGN(const auto quantity, codec::Quantity::parse(text));
  if (quantity.negative() || quantity.is_zero())
    return Error(Code::BadRequest,
                 fmt::format("eviction threshold {} must be positive: {}", name, quantity.text()));
  return std::optional<Amount>(Amount{quantity, 0});
}

Result<Amount> reclaim_value(const std::string& name, const std::string& text) {
  if (text.ends_with('%')) {
    MZ_ASSIGN(const float part, part_of(text));
    if (!(part > 0))
      return Error(Code::BadRequest,
                   fmt::format("eviction percentage minimum reclaim {} must be positive: {}", name, text));
    return Amount{std::nullopt, part};
  }
  MZ_ASSIGN(const auto quantity, codec::Quantity::parse(text));
  if (quantity.negative())
    return Error(Code::BadRequest, "negative eviction minimum reclaim specified for " + name);
  return Amount{quantity, 0};
}

Result<std::vector<Threshold>> thresholds_of(const std::string& flag) {
  std::vector<Threshold> out;
  MZ_ASSIGN(const auto pairs, pairs_of(flag, '<'));
  for (const auto& [name, text] : pairs) {
    MZ_ASSIGN(const auto signal, signal_of(name));
    MZ_ASSIGN(const auto value, threshold_value(name, text));
    if (signal && value) out.push_back({.signal = *signal, .value = *value});
  }
  return out;
}

Result<std::map<Signal, Duration>> grace_periods_of(const std::string& flag) {
  std::map<Signal, Duration> out;
  MZ_ASSIGN(const auto pairs, pairs_of(flag, '='));
  for (const auto& [name, text] : pairs) {
    MZ_ASSIGN(const auto signal, signal_of(name));
    MZ_ASSIGN(const auto nanos, codec::parse_go_duration(text));
    if (nanos < 0)
      return Error(
          Code::BadRequest,
          fmt::format("invalid eviction grace period specified: {}, must be a positive value", text));
    if (signal) out[*signal] = std::chrono::nanoseconds(nanos);
  }
  return out;
}

}  // namespace

std::string_view signal_name(Signal signal) { return facts_of(signal).name; }
std::string_view resource_of(Signal signal) { return facts_of(signal).resource; }
bool is_of_memory(Signal signal) { return facts_of(signal).resource == "memory"; }
bool is_of_disk(Signal signal) { return !is_of_memory(signal) && signal != Signal::PidAvailable; }

codec::Quantity Amount::of(int64_t capacity) const {
  if (quantity) return *quantity;
  return codec::Quantity::of(static_cast<int64_t>(static_cast<double>(capacity) * static_cast<double>(part)),
                             codec::Quantity::Format::BinarySI);
}

int64_t EvictionConfig::kept(Signal signal, int64_t capacity) const {
  for (const auto& threshold : thresholds)
    if (threshold.signal == signal && threshold.is_hard()) return threshold.value.of(capacity).value();
  return 0;
}

Result<EvictionConfig> parse_eviction(const EvictionFlags& flags) {
  EvictionConfig out;
  MZ_ASSIGN(out.thresholds, thresholds_of(flags.hard));
  MZ_ASSIGN(auto soft, thresholds_of(flags.soft));
  MZ_ASSIGN(const auto grace_periods, grace_periods_of(flags.soft_grace_period));
  for (auto& threshold : soft) {
    const auto grace = grace_periods.find(threshold.signal);
    if (grace == grace_periods.end())
      return Error(Code::BadRequest,
                   fmt::format("grace period must be specified for the soft eviction threshold {}",
                               signal_name(threshold.signal)));
    threshold.grace = grace->second;
    out.thresholds.push_back(threshold);
  }
  MZ_ASSIGN(const auto reclaims, pairs_of(flags.minimum_reclaim, '='));
  for (const auto& [name, text] : reclaims) {
    MZ_ASSIGN(const auto signal, signal_of(name));
    MZ_ASSIGN(const auto amount, reclaim_value(name, text));
    for (auto& threshold : out.thresholds)
      if (threshold.signal == signal) threshold.min_reclaim = amount;
  }
  // What pods may have together runs short as the node's memory does.
  for (size_t i = 0, n = out.thresholds.size(); i < n; ++i) {
    if (out.thresholds[i].signal != Signal::MemoryAvailable || !out.thresholds[i].is_hard()) continue;
    Threshold of_pods = out.thresholds[i];
    of_pods.signal = Signal::AllocatableMemoryAvailable;
    out.thresholds.push_back(of_pods);
  }
  return out;
}

}  // namespace mizzen::kubelet
