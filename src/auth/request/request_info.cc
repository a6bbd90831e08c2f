#include "auth/request/request_info.h"

#include "base/strings.h"

namespace mizzen::auth {
namespace {

using api::Verb;

Verb verb_of(std::string_view method) {
  if (method == "POST") return Verb::Create;
  if (method == "GET" || method == "HEAD") return Verb::Get;
  if (method == "PUT") return Verb::Update;
  if (method == "PATCH") return Verb::Patch;
  if (method == "DELETE") return Verb::Delete;
  return Verb::None;
}

/// What may follow namespaces/NAME and belong to the namespace itself.
bool of_namespace(std::string_view segment) { return segment == "status" || segment == "finalize"; }

}  // namespace

RequestInfo parse_request(std::string_view method, std::string_view path,
                          const std::vector<std::string>& segments, bool watch) {
  RequestInfo out;
  out.method = to_lower(method);
  out.path = path;
  if (segments.size() < 3 || (segments[0] != "api" && segments[0] != "apis")) return out;
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
    out.verb = Verb::Watch;
    ++at;
  }
  if (at < segments.size() && segments[at] == "namespaces") {
    if (at + 1 < segments.size()) {
      out.namespace_ = segments[at + 1];
      // namespaces/x alone, or with a subresource of the namespace itself, is the namespace.
      if (at + 2 < segments.size() && !of_namespace(segments[at + 2])) at += 2;
    }
  }
  if (at < segments.size()) out.resource = segments[at++];
  if (at < segments.size()) out.name = segments[at++];
  if (at < segments.size()) out.subresource = segments[at++];
  out.rest.assign(segments.begin() + static_cast<ptrdiff_t>(at), segments.end());
  if (out.resource == "namespaces" && !out.name.empty()) out.namespace_ = out.name;
  if (out.name.empty() && out.verb == Verb::Get) out.verb = watch ? Verb::Watch : Verb::List;
  if (out.name.empty() && out.verb == Verb::Delete) out.verb = Verb::DeleteCollection;
  return out;
}

}  // namespace mizzen::auth
