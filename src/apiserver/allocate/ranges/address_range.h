#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::apiserver {

/// A part of a range, in offsets from its first address or port: [from, from + size).
struct Band {
  uint64_t from = 0;
  uint64_t size = 0;
};

/// Upstream's split: what is asked for by number mostly lies in the lower band, so that what is given out
/// comes from the upper one while there is room. `size` / `step`, at least `min`, at most `max`; no lower
/// band in ranges of at most `min`.
std::vector<Band> bands(uint64_t size, uint64_t min, uint64_t max, uint64_t step);

/// An IP address as bytes; IPv4 in the last four.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  bool v6 = false;

  /// Upstream's sloppy reading for IPv4 is not needed: validation has refused it. Nothing where it is none.
  static std::optional<IpAddress> parse(const std::string& text);
  std::string str() const;
  std::string_view family() const { return v6 ? "IPv6" : "IPv4"; }
};

/// Role: a range that services get their addresses from. Hosts are numbered from 1, the API's own service.
/// The network's address is nobody's, nor is IPv4's broadcast. Threading: a plain value.
class AddressRange {
 public:
  /// "10.96.0.0/12" (/8 to /30), "fd00::/108" (/64 to /126). InternalError otherwise: it is the operator's.
  static Result<AddressRange> parse(const std::string& cidr);

  bool v6() const { return base_.v6; }
  std::string_view family() const { return base_.family(); }
  const std::string& str() const { return text_; }
  /// Usable addresses.
  uint64_t size() const { return size_; }
  /// The n-th usable one, from 0.
  std::string at(uint64_t n) const;
  /// Which one an address is; nothing where it is not usable here.
  std::optional<uint64_t> index_of(const IpAddress& address) const;
  /// Where to look for a free one: the upper band first. The API's own address is not given out.
  std::vector<Band> bands() const;

 private:
  IpAddress base_;
  uint64_t size_ = 0;
  std::string text_;
};

/// One range, or one of each family, with a comma between.
Result<std::vector<AddressRange>> parse_service_ranges(const std::string& cidrs);

}  // namespace mizzen::apiserver
