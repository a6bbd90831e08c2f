#include "apiserver/registry/service_range.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::apiserver {

Result<ServiceRange> parse_service_range(const std::string& cidr) {
  const size_t slash = cidr.find('/');
  const auto bits =
      parse_int<int>(slash == std::string::npos ? "" : std::string_view(cidr).substr(slash + 1));
  const auto address = parse_ipv4(cidr.substr(0, slash));
  if (!bits || *bits < 8 || *bits > 30 || !address)
    return Error(Code::InternalError,
                 fmt::format("service range {} is not an IPv4 range of /8 to /30", quote(cidr)));
  const uint32_t size = 1u << (32 - *bits);
  return ServiceRange{*address & ~(size - 1), size};
}

std::string ipv4_text(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::optional<uint32_t> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

}  // namespace mizzen::apiserver
