#include "apiserver/request/request_info.h"

#include "base/strings.h"

namespace mizzen::apiserver {
namespace {
std::string verb_of(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}
}  // namespace

RequestInfo parse_request(std::string_view method, const std::vector<std::string>& segments, bool watch) {
  RequestInfo out;
  out.verb = to_lower(method);
  if (segments.empty() || segments.size() < 3 || (segments[0] != "api" && segments[0] != "apis")) return out;
  size_t at = 1;
  if (segments[0] == "apis") {
    if (segments.size() < 4) return out;
    out.group = segments[at++];
  }
  out.prefix = segments[0];
  out.version = segments[at++];
  out.is_resource = true;
  out.verb = verb_of(method);
  if (at < segments.size() && segments[at] == "watch") {
    out.verb = "watch";
    ++at;
  }
  if (at < segments.size() && segments[at] == "namespaces") {
    if (at + 1 < segments.size()) {
      out.namespace_ = segments[at + 1];
      // namespaces/x alone, or with a subresource of the namespace itself, is the namespace.
      if (at + 2 < segments.size() && segments[at + 2] != "status" && segments[at + 2] != "finalize") at += 2;
    }
  }
  if (at < segments.size()) out.resource = segments[at++];
  if (at < segments.size()) out.name = segments[at++];
  if (at < segments.size()) out.subresource = segments[at++];
  out.rest.assign(segments.begin() + static_cast<ptrdiff_t>(at), segments.end());
  if (out.resource == "namespaces" && !out.name.empty()) out.namespace_ = out.name;
  if (out.name.empty() && out.verb == "get") out.verb = watch ? "watch" : "list";
  if (out.name.empty() && out.verb == "delete") out.verb = "deletecollection";
  return out;
}

}  // namespace mizzen::apiserver
