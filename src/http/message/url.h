#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mizzen::http {

/// %XX and, where `plus_is_space` (query components), '+'. BadRequest on a malformed escape or a NUL byte.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Escapes all but unreserved characters, as Go's url.QueryEscape but with %20 for blanks.
std::string percent_encode(std::string_view text);
/// As percent_encode, but '/' stays: for whole paths.
std::string percent_encode_path(std::string_view path);

/// The decoded segments of an absolute path: "/api/v1/pods/" -> {"api", "v1", "pods"}; a trailing slash is
/// dropped. BadRequest: not absolute, an empty segment, "." or "..", an escaped slash, a malformed escape, a
/// control character. So what authorisation looks at is what the store sees.
Result<std::vector<std::string>> split_path(std::string_view raw_path);

/// The decoded parameters of a query in their order; names may repeat.
/// Threading: externally synchronised. Bounds: kQueryParametersMax parameters, else BadRequest.
class Query {
 public:
  /// BadRequest on malformed escapes and on ';', as Go 1.17 and later.
  static Result<Query> parse(std::string_view raw);
  Query() = default;

  /// The first value; empty where absent. has() tells absent from empty.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  /// Kubernetes' rule: absent, empty-free "0" and any case of "false" are false, all else (also "") is true.
  bool flag(std::string_view name) const;
  void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  /// Encoded, without '?'.
  std::string encode() const;

  bool empty() const { return list_.empty(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};
inline constexpr size_t kQueryParametersMax = 1000;

/// Where a client connects to: https://host[:port], http://host[:port] or unix:///absolute/path (plain HTTP
/// over it).
struct Target {
  bool tls = false;
  std::string host;  ///< name or address, IPv6 without brackets; empty for unix
  uint16_t port = 0;
  std::string unix_path;
  /// Connect here instead of resolving `host` (a checked, pinned address); `host` still names the server in
  /// TLS.
  std::string pinned_address;

  /// The authority as sent: host:port without default port, brackets for IPv6, "localhost" for unix.
  std::string authority() const;
  /// What the pool keys by and errors print.
  std::string str() const;
  friend bool operator==(const Target&, const Target&) = default;
};

/// A URL taken apart. `path` is raw (percent-encoded), "/" where missing.
struct Url {
  Target target;
  std::string path;
  std::string query;
  /// path?query
  std::string path_and_query() const { return query.empty() ? path : path + "?" + query; }
};
/// What is accepted gives a target whose str() gives the same target again.
/// BadRequest for other schemes, user information, bad ports, control characters, and where brackets hold
/// anything but an IPv6 address (zones are not taken).
Result<Url> parse_url(std::string_view text);
Result<Target> parse_target(std::string_view text);
/// "1.2.3.4:80" or "[::1]:80".
std::string join_host_port(std::string_view host, uint16_t port);

}  // namespace mizzen::http
