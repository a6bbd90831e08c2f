#include "kubelet/probes/redirect.h"

#include "base/strings.h"
#include "http/message/url.h"

namespace mizzen::kubelet {
namespace {

std::string absolute(const std::string& url, const std::string& location) {
  const auto host = url.find("://") + 3;
  const auto path = std::min(url.find('/', host), url.size());
  const auto query = std::min(url.find('?', path), url.size());
  if (location.starts_with("//")) return url.substr(0, host - 2) + location;
  if (location.starts_with("/")) return url.substr(0, path) + location;
  if (location.starts_with("?")) return url.substr(0, query) + location;
  const auto colon = location.find(':');
  if (colon != std::string::npos && colon < location.find_first_of("/?")) return location;  // it has a scheme
  if (path == url.size()) return url + "/" + location;
  return url.substr(0, url.rfind('/', query - 1) + 1) + location;
}

}  // namespace

Result<std::optional<std::string>> redirect_of(const std::string& url, const std::string& location) {
  MZ_ASSIGN(const auto from, http::parse_url(url));
  const std::string next = absolute(url, location.substr(0, location.find('#')));
  MZ_ASSIGN(const auto to, http::parse_url(next));
  if (!iequals(from.target.host, to.target.host)) return std::optional<std::string>();
  return std::optional(next);
}

}  // namespace mizzen::kubelet
