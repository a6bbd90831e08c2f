#include "apiserver/allocate/ranges/address_range.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

/// Upstream's bands of addresses.
constexpr uint64_t kLowerMin = 16, kLowerMax = 256, kLowerStep = 16;
/// More would not fit into an offset.
constexpr int kHostBitsMax = 62;

}  // namespace

std::vector<Band> bands(uint64_t size, uint64_t min, uint64_t max, uint64_t step) {
  if (size <= min) return {{0, size}};
  const uint64_t lower = std::clamp(size / step, min, max);
  return {{lower, size - lower}, {0, lower}};
}

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  IpAddress out;
  out.v6 = text.find(':') != std::string::npos;
  uint8_t* const to = out.v6 ? out.bytes.data() : out.bytes.data() + 12;
  if (inet_pton(out.v6 ? AF_INET6 : AF_INET, text.c_str(), to) != 1) return std::nullopt;
  return out;
}

std::string IpAddress::str() const {
  char out[INET6_ADDRSTRLEN];
  const uint8_t* const from = v6 ? bytes.data() : bytes.data() + 12;
  MZ_CHECK(inet_ntop(v6 ? AF_INET6 : AF_INET, from, out, sizeof out), "an address always has a text");
  return out;
}

Result<AddressRange> AddressRange::parse(const std::string& cidr) {
  const size_t slash = cidr.find('/');
  const auto bits =
      parse_int<int>(slash == std::string::npos ? "" : std::string_view(cidr).substr(slash + 1));
  const auto address = IpAddress::parse(cidr.substr(0, slash));
  const bool fits =
      bits && address && (address->v6 ? *bits >= 64 && *bits <= 126 : *bits >= 8 && *bits <= 30);
  if (!fits)
    return Error(
        Code::InternalError,
        fmt::format("service range {} is neither an IPv4 range of /8 to /30 nor an IPv6 range of /64 "
                    "to /126",
                    quote(cidr)));
  AddressRange out;
  out.base_ = *address;
  int host_bits = (address->v6 ? 128 : 32) - *bits;
  for (int i = 0; i < host_bits; ++i) out.base_.bytes[15 - i / 8] &= static_cast<uint8_t>(~(1u << (i % 8)));
  host_bits = std::min(host_bits, kHostBitsMax);
  out.size_ = (uint64_t{1} << host_bits) - (address->v6 ? 1 : 2);
  out.text_ = fmt::format("{}/{}", out.base_.str(), *bits);
  return out;
}

std::string AddressRange::at(uint64_t n) const {
  IpAddress out = base_;
  uint64_t add = n + 1;
  for (size_t i = 16; i-- > 0 && add > 0; add >>= 8) out.bytes[i] |= static_cast<uint8_t>(add & 0xff);
  return out.str();
}

std::optional<uint64_t> AddressRange::index_of(const IpAddress& address) const {
  if (address.v6 != base_.v6) return std::nullopt;
  uint64_t offset = 0;
  for (size_t i = 0; i < 16; ++i) {
    const uint8_t host = address.bytes[i] ^ base_.bytes[i];
    if (offset >> 54 != 0) return std::nullopt;
    offset = offset << 8 | host;
  }
  // What differs in the network's bits lies beyond the size, as base has none of the host's.
  if (offset == 0 || offset > size_) return std::nullopt;
  return offset - 1;
}

std::vector<Band> AddressRange::bands() const {
  auto out = apiserver::bands(size_, kLowerMin, kLowerMax, kLowerStep);
  Band& lowest = out.back();
  lowest.from += 1;
  lowest.size -= 1;
  return out;
}

Result<std::vector<AddressRange>> parse_service_ranges(const std::string& cidrs) {
  std::vector<AddressRange> out;
  for (const std::string_view one : split(cidrs, ',')) {
    MZ_ASSIGN(AddressRange range, AddressRange::parse(std::string(trim(one))));
    out.push_back(std::move(range));
  }
  if (out.empty() || out.size() > 2 || (out.size() == 2 && out[0].v6() == out[1].v6()))
    return Error(Code::InternalError,
                 fmt::format("service ranges {} are not one range, or one of each family", quote(cidrs)));
  return out;
}

}  // namespace mizzen::apiserver
