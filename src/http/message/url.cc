#include "http/message/url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::http {
namespace {

Error bad(std::string_view what, std::string_view text) {
  return Error(Code::BadRequest, std::string(what) + " in " + quote(text));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

std::string encode(std::string_view text, bool keep_slash) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7f;
  });
}

Result<void> parse_authority(std::string_view text, Target& out) {
  if (text.find('@') != std::string_view::npos) return bad("user information is not allowed", text);
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("missing ']'", text);
    host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty()) {
      if (rest.front() != ':') return bad("garbage after the address", text);
      port = rest.substr(1);
      has_port = true;
    }
    // Nothing but an address goes on without its brackets: join_host_port() knows by a ':' where they belong.
    in6_addr address;
    if (inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1)
      return bad("malformed IPv6 address", text);
  } else {
    const size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
      host = text.substr(0, colon);
      port = text.substr(colon + 1);
      has_port = true;
    }
    for (const char c : host)
      if (!unreserved(c)) return bad("invalid character in host name", text);
  }
  if (host.empty()) return bad("missing host", text);
  out.host = std::string(host);
  out.port = out.tls ? 443 : 80;
  if (has_port) {
    const auto number = parse_int<uint16_t>(port);
    if (!number || *number == 0) return bad("invalid port", text);
    out.port = *number;
  }
  return {};
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
        return Error(Code::BadRequest, "invalid URL escape " + quote(text.substr(i, 3)));
      c = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return bad("NUL byte", text);
    out += c;
  }
  return out;
}

std::string percent_encode(std::string_view text) { return encode(text, false); }
std::string percent_encode_path(std::string_view path) { return encode(path, true); }

Result<std::vector<std::string>> split_path(std::string_view raw_path) {
  if (raw_path.empty() || raw_path.front() != '/') return bad("not an absolute path", raw_path);
  std::vector<std::string> out;
  std::string_view rest = raw_path.substr(1);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.empty() && raw_path.size() > 1) return bad("empty path segment", raw_path);
  if (rest.empty()) return out;
  for (std::string_view raw : split(rest, '/')) {
    MZ_ASSIGN(std::string segment, percent_decode(raw));
    if (segment.empty()) return bad("empty path segment", raw_path);
    if (segment == "." || segment == "..") return bad("relative path segment", raw_path);
    if (segment.find('/') != std::string::npos) return bad("escaped slash", raw_path);
    for (const char c : segment)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad("control character", raw_path);
    out.push_back(std::move(segment));
  }
  return out;
}

Result<Query> Query::parse(std::string_view raw) {
  Query out;
  if (raw.empty()) return out;
  if (raw.find(';') != std::string_view::npos)
    return Error(Code::BadRequest, "invalid semicolon separator in query");
  for (std::string_view pair : split(raw, '&')) {
    if (pair.empty()) continue;
    if (out.list_.size() >= kQueryParametersMax) return Error(Code::BadRequest, "too many query parameters");
    const size_t eq = pair.find('=');
    MZ_ASSIGN(std::string name, percent_decode(pair.substr(0, eq), true));
    std::string value;
    if (eq != std::string_view::npos) {
      MZ_ASSIGN(value, percent_decode(pair.substr(eq + 1), true));
    }
    out.add(std::move(name), std::move(value));
  }
  return out;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [n, v] : list_)
    if (n == name) return v;
  return {};
}

bool Query::has(std::string_view name) const {
  return std::any_of(list_.begin(), list_.end(), [&](const auto& p) { return p.first == name; });
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [n, v] : list_)
    if (n == name) out.push_back(v);
  return out;
}

bool Query::flag(std::string_view name) const {
  if (!has(name)) return false;
  const std::string_view value = get(name);
  return value != "0" && !iequals(value, "false");
}

std::string Query::encode() const {
  std::string out;
  for (const auto& [n, v] : list_) {
    if (!out.empty()) out += '&';
    out += percent_encode(n) + "=" + percent_encode(v);
  }
  return out;
}

std::string join_host_port(std::string_view host, uint16_t port) {
  std::string out;
  if (host.find(':') != std::string_view::npos) {
    out.append("[").append(host).append("]");
  } else {
    out.append(host);
  }
  return out + ":" + std::to_string(port);
}

std::string Target::authority() const {
  if (!unix_path.empty()) return "localhost";
  std::string out = join_host_port(host, port);
  if (port == (tls ? 443 : 80)) out.resize(out.rfind(':'));
  return out;
}

std::string Target::str() const {
  if (!unix_path.empty()) return "unix://" + unix_path;
  std::string out = (tls ? "https://" : "http://") + join_host_port(host, port);
  if (!pinned_address.empty()) out += " at " + pinned_address;
  return out;
}

Result<Url> parse_url(std::string_view text) {
  if (has_control(text)) return bad("blank or control character", text);
  Url out;
  if (text.starts_with("unix://")) {
    out.target.unix_path = std::string(text.substr(7));
    if (out.target.unix_path.empty() || out.target.unix_path.front() != '/')
      return bad("not an absolute path", text);
    out.path = "/";
    return out;
  }
  std::string_view rest;
  if (text.starts_with("https://")) {
    out.target.tls = true;
    rest = text.substr(8);
  } else if (text.starts_with("http://")) {
    rest = text.substr(7);
  } else {
    return bad("unknown scheme", text);
  }
  rest = rest.substr(0, rest.find('#'));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  MZ_TRY(parse_authority(rest.substr(0, end), out.target));
  rest.remove_prefix(end);
  const size_t mark = rest.find('?');
  out.path = std::string(rest.substr(0, mark));
  if (out.path.empty()) out.path = "/";
  if (mark != std::string_view::npos) out.query = std::string(rest.substr(mark + 1));
  return out;
}

Result<Target> parse_target(std::string_view text) {
  MZ_ASSIGN(Url url, parse_url(text));
  if ((url.path != "/") || !url.query.empty()) return bad("a path or query is not allowed", text);
  return url.target;
}

}  // namespace mizzen::http
