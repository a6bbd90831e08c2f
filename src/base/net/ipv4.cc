#include "base/net/ipv4.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen {

std::optional<uint32_t> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::string format_ipv4(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                     address & 255);
}

std::optional<Ipv4Range> Ipv4Range::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_ipv4(text.substr(0, slash));
  const auto bits = parse_int<int>(text.substr(slash + 1));
  if (!base || !bits || *bits < 8 || *bits > 30) return std::nullopt;
  Ipv4Range out{*base, *bits};
  if ((out.base & (out.size() - 1)) != 0) return std::nullopt;
  return out;
}

std::string Ipv4Range::text() const { return fmt::format("{}/{}", format_ipv4(base), bits); }

}  // namespace mizzen
