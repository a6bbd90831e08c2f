#include "machinery/names/names.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::machinery {
namespace {

bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool alnum(char c) { return alpha(c) || (c >= '0' && c <= '9'); }

std::string max_length(size_t n) { return fmt::format("must be no more than {} characters", n); }
/// What upstream says of labels, whose rules were written anew.
std::string max_bytes(size_t n) { return fmt::format("must be no more than {} bytes", n); }

bool label_shape(std::string_view v) {
  if (v.empty() || !lower_alnum(v.front()) || !lower_alnum(v.back())) return false;
  for (char c : v)
    if (!lower_alnum(c) && c != '-') return false;
  return true;
}

bool subdomain_shape(std::string_view v) {
  if (v.empty()) return false;
  for (std::string_view part : split(v, '.'))
    if (!label_shape(part)) return false;
  return true;
}

bool qualified_shape(std::string_view v) {
  if (v.empty() || !alnum(v.front()) || !alnum(v.back())) return false;
  for (char c : v)
    if (!alnum(c) && c != '-' && c != '_' && c != '.') return false;
  return true;
}

constexpr std::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kLabel1035 =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end "
    "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kQualified =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. "
    "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kLabelValue =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view kConfigKey =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
constexpr std::string_view kIdentifier =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
    "characters or "
    "'_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is "
    "'[A-Za-z_][A-Za-z0-9_]*')";

void same_or_parent(std::string_view v, Messages& out) {
  if (v == ".") {
    out.push_back("must not be '.'");
  } else if (v == "..") {
    out.push_back("must not be '..'");
  } else if (v.starts_with("..")) {
    out.push_back("must not start with '..'");
  }
}

}  // namespace

Messages is_dns1123_label(std::string_view v) {
  Messages out;
  if (v.size() > 63) out.push_back(max_length(63));
  if (!label_shape(v)) out.emplace_back(subdomain_shape(v) ? "must not contain dots" : kLabel);
  return out;
}

Messages is_dns1123_subdomain(std::string_view v) {
  Messages out;
  if (v.size() > 253) out.push_back(max_length(253));
  if (!subdomain_shape(v)) out.emplace_back(kSubdomain);
  return out;
}

Messages is_dns1035_label(std::string_view v) {
  Messages out;
  if (v.size() > 63) out.push_back(max_length(63));
  if (!label_shape(v) || !(v[0] >= 'a' && v[0] <= 'z')) out.emplace_back(kLabel1035);
  return out;
}

Messages is_qualified_name(std::string_view v) {
  Messages out;
  const auto parts = split(v, '/');
  std::string_view name;
  if (parts.size() == 1) {
    name = parts[0];
  } else if (parts.size() == 2) {
    name = parts[1];
    if (parts[0].empty()) {
      out.push_back("prefix part must be non-empty");
    } else {
      if (parts[0].size() > 253) out.push_back("prefix part " + max_bytes(253));
      if (!subdomain_shape(parts[0])) out.push_back("prefix part " + std::string(kSubdomain));
    }
  } else {
    out.push_back(
        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
        "with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
        "'example.com/MyName')");
    return out;
  }
  if (name.empty()) {
    out.push_back("name part must be non-empty");
  } else if (name.size() > 63) {
    out.push_back("name part " + max_bytes(63));
  }
  if (!qualified_shape(name)) out.push_back("name part " + std::string(kQualified));
  return out;
}

Messages is_valid_label_value(std::string_view v) {
  Messages out;
  if (v.size() > 63) out.push_back(max_bytes(63));
  if (!v.empty() && !qualified_shape(v)) out.emplace_back(kLabelValue);
  return out;
}

Messages is_config_map_key(std::string_view v) {
  Messages out;
  if (v.size() > 253) out.push_back(max_length(253));
  bool ok = !v.empty();
  for (char c : v) ok = ok && (alnum(c) || c == '-' || c == '_' || c == '.');
  if (!ok) {
    out.emplace_back(kConfigKey);
  } else {
    same_or_parent(v, out);
  }
  return out;
}

Messages is_finalizer(std::string_view v) {
  Messages out;
  if (v.find('/') == std::string_view::npos && v != "kubernetes" && v != "orphan" &&
      v != "foregroundDeletion")
    out.push_back("name is neither a standard finalizer name nor is it fully qualified");
  return out;
}

Messages is_path_segment_name(std::string_view v) {
  Messages out;
  if (v == "." || v == "..") {
    out.push_back(fmt::format("may not be '{}'", v));
    return out;
  }
  for (const char c : {'/', '%'})
    if (v.find(c) != std::string_view::npos) out.push_back(fmt::format("may not contain '{}'", c));
  return out;
}

Messages is_c_identifier(std::string_view v) {
  bool ok = !v.empty() && (alpha(v[0]) || v[0] == '_');
  for (char c : v) ok = ok && (alnum(c) || c == '_');
  return ok ? Messages{} : Messages{std::string(kIdentifier)};
}

Messages is_env_var_name(std::string_view v) {
  Messages out;
  bool shape = !v.empty() && !(v.front() >= '0' && v.front() <= '9');
  for (char c : v) shape = shape && (alnum(c) || c == '_' || c == '-' || c == '.');
  if (!shape) {
    out.push_back(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
        "and must not "
        "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for "
        "validation is "
        "'[-._a-zA-Z][-._a-zA-Z0-9]*')");
  }
  if (v == "." || v == "..") out.push_back(fmt::format("must not be '{}'", v));
  if (v.size() > 2 && v.starts_with("..")) out.push_back("must not start with '..'");
  return out;
}

Messages is_relaxed_env_var_name(std::string_view v) {
  if (v.empty()) return {"environment variable name must not be empty"};
  for (char c : v)
    if (c < 0x20 || c > 0x7e || c == '=')
      return {
          "a valid environment variable name must consist only of printable ASCII characters other than '='"};
  return {};
}

Messages is_valid_port_num(int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return {"must be between 1 and 65535, inclusive"};
}

Messages is_valid_port_name(std::string_view v) {
  Messages out;
  if (v.size() > 15) out.push_back("must be no more than 15 characters");
  bool shape = !v.empty(), letter = false;
  for (char c : v) {
    shape = shape && (lower_alnum(c) || c == '-');
    letter = letter || (c >= 'a' && c <= 'z');
  }
  if (!shape) out.push_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!letter) out.push_back("must contain at least one letter (a-z)");
  if (v.find("--") != std::string_view::npos) out.push_back("must not contain consecutive hyphens");
  if (!v.empty() && (v.front() == '-' || v.back() == '-'))
    out.push_back("must not begin or end with a hyphen");
  return out;
}

Messages is_http_header_name(std::string_view v) {
  bool ok = !v.empty();
  for (char c : v) ok = ok && (alnum(c) || c == '-');
  if (ok) return {};
  return {
      "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used "
      "for validation is '[-A-Za-z0-9]+')"};
}

Messages is_dns1123_subdomain_with_underscore(std::string_view v) {
  Messages out;
  if (v.size() > 253) out.push_back(max_length(253));
  const auto shape = [](std::string_view part) {
    if (part.starts_with("_")) part.remove_prefix(1);
    if (part.empty() || !lower_alnum(part.front()) || !lower_alnum(part.back())) return false;
    for (const char c : part)
      if (!lower_alnum(c) && c != '-' && c != '_') return false;
    return true;
  };
  bool ok = true;
  for (const std::string_view part : split(v, '.')) ok = ok && shape(part);
  if (!ok)
    out.emplace_back(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
        "and must "
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')");
  return out;
}

namespace {

/// Bytes of an address; four or sixteen, none where it is none. `zeros`: numbers with leading zeros are
/// decimal.
std::vector<unsigned char> parse_address(std::string_view v, bool zeros) {
  std::string text(v);
  if (zeros) {
    // "010.1.2.3" and "::ffff:010.1.2.3": drop the zeros of decimal parts.
    const size_t colon = text.rfind(':');
    const size_t from = colon == std::string::npos ? 0 : colon + 1;
    if (text.find('.', from) == std::string::npos) return parse_address(v, false);
    std::vector<std::string> parts;
    for (std::string_view part : split(std::string_view(text).substr(from), '.')) {
      while (part.size() > 1 && part[0] == '0') part.remove_prefix(1);
      parts.emplace_back(part);
    }
    text = text.substr(0, from) + join(parts, ".");
  }
  std::vector<unsigned char> out(16);
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out.resize(4);
  if (inet_pton(AF_INET, text.c_str(), out.data()) == 1) return out;
  return {};
}

bool v4_inside_v6(const std::vector<unsigned char>& a) {
  if (a.size() != 16 || a[10] != 0xff || a[11] != 0xff) return false;
  for (size_t i = 0; i < 10; ++i)
    if (a[i] != 0) return false;
  return true;
}

}  // namespace

Messages is_valid_ip(std::string_view v) {
  const auto strict = parse_address(v, false);
  if (strict.empty()) {
    if (parse_address(v, true).empty())
      return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
    return {"must not have leading 0s"};
  }
  if (v4_inside_v6(strict)) return {"must not be an IPv4-mapped IPv6 address"};
  return {};
}

Messages is_endpoint_ip(std::string_view v) {
  const auto a = parse_address(v, true);
  Messages out;
  if (a.empty()) return {"must be a valid IP address"};
  const bool v4 = a.size() == 4;
  const auto all_zero = [&](size_t n) {
    for (size_t i = 0; i < n; ++i)
      if (a[i] != 0) return false;
    return true;
  };
  if (all_zero(a.size())) out.push_back(fmt::format("may not be unspecified ({})", v));
  if (v4 ? a[0] == 127 : all_zero(15) && a[15] == 1)
    out.push_back("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (v4 ? a[0] == 169 && a[1] == 254 : a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
    out.push_back("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (v4 ? a[0] == 224 && a[1] == 0 && a[2] == 0 : a[0] == 0xff && (a[1] & 0x0f) == 2)
    out.push_back("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  return out;
}

Messages is_valid_cidr(std::string_view v) {
  const Messages wrong = {"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"};
  const size_t slash = v.find('/');
  if (slash == std::string_view::npos) return wrong;
  const std::string_view address = v.substr(0, slash), length = v.substr(slash + 1);
  const auto loose = parse_address(address, true);
  const auto bits = parse_int<int>(length);
  if (loose.empty() || !bits || length[0] == '+' || *bits < 0 ||
      static_cast<size_t>(*bits) > loose.size() * 8)
    return wrong;
  const auto strict = parse_address(address, false);
  if (strict.empty() || (length.size() > 1 && length[0] == '0'))
    return {"must not have leading 0s in IP or prefix length"};
  if (v4_inside_v6(strict)) return {"must not have an IPv4-mapped IPv6 address"};
  for (size_t bit = static_cast<size_t>(*bits); bit < strict.size() * 8; ++bit)
    if (strict[bit / 8] & (0x80 >> (bit % 8))) return {"must not have bits set beyond the prefix length"};
  return {};
}

std::string_view ip_family(std::string_view v) {
  const auto a = parse_address(v, true);
  if (a.empty()) return "";
  return a.size() == 4 || v4_inside_v6(a) ? "IPv4" : "IPv6";
}

std::string canonical_ip(std::string_view v) {
  const auto a = parse_address(v, true);
  if (a.empty()) return std::string(v);
  char text[INET6_ADDRSTRLEN] = {};
  if (v4_inside_v6(a)) return inet_ntop(AF_INET, a.data() + 12, text, sizeof text);
  return inet_ntop(a.size() == 4 ? AF_INET : AF_INET6, a.data(), text, sizeof text);
}

bool is_fqdn(std::string_view v) {
  return v.size() <= 253 && subdomain_shape(v) && v.find('.') != std::string_view::npos;
}

}  // namespace mizzen::machinery
