#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mizzen {

/// An IPv4 range: 10.42.0.0/24. `base` has no host bits.
struct Ipv4Range {
  uint32_t base = 0;
  int bits = 0;

  /// Nothing where malformed, where host bits are set, or outside /8../30.
  static std::optional<Ipv4Range> parse(std::string_view text);
  uint32_t size() const { return 1u << (32 - bits); }
  bool contains(uint32_t address) const { return ((address ^ base) & ~(size() - 1)) == 0; }
  std::string text() const;
};

std::optional<uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(uint32_t address);

}  // namespace mizzen
