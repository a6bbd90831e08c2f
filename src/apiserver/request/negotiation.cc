#include "apiserver/request/negotiation.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace mizzen::apiserver {
namespace {
constexpr std::string_view kProto = "application/vnd.kubernetes.protobuf";

bool is_served(std::string_view type) {
  return type == "*/*" || type == "application/*" || type == "application/json" ||
         type == "application/yaml" || type == kProto;
}
}  // namespace

std::string_view MediaType::content_type() const {
  switch (format) {
    case Format::Yaml:
      return "application/yaml";
    case Format::Proto:
      return kProto;
    default:
      return "application/json";
  }
}

std::string_view MediaType::stream_type() const {
  return format == Format::Proto ? "application/vnd.kubernetes.protobuf;stream=watch" : "application/json";
}

std::vector<AcceptClause> parse_accept(std::string_view header) {
  std::vector<AcceptClause> out;
  for (std::string_view part : split(header, ',')) {
    AcceptClause clause;
    bool first = true;
    for (std::string_view item : split(part, ';')) {
      item = trim(item);
      if (std::exchange(first, false)) {
        clause.type = to_lower(item);
        continue;
      }
      const size_t eq = item.find('=');
      if (eq == std::string_view::npos) continue;
      const std::string key = to_lower(trim(item.substr(0, eq)));
      std::string_view value = trim(item.substr(eq + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      if (key == "as") clause.as = value;
      if (key == "g") clause.group = value;
      if (key == "v") clause.version = value;
      if (key == "stream") clause.stream = value;
      if (key == "q") std::from_chars(value.data(), value.data() + value.size(), clause.quality);
    }
    if (!clause.type.empty() && out.size() < 64) out.push_back(std::move(clause));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.quality > b.quality; });
  return out;
}

Result<MediaType> negotiate(const http::Headers& headers, bool pretty_query, bool watch, bool collection) {
  MediaType out;
  const std::string_view agent = headers.get("User-Agent");
  out.pretty = pretty_query || agent.starts_with("curl") || agent.starts_with("Wget") ||
               agent.starts_with("Mozilla/5.0");
  std::string accept;
  for (std::string_view v : headers.all("Accept")) accept += (accept.empty() ? "" : ",") + std::string(v);
  if (trim(accept).empty()) return out;
  bool served = false;
  for (const AcceptClause& clause : parse_accept(accept)) {
    served |= is_served(clause.type);
    if (clause.type == "application/json" || clause.type == "*/*" || clause.type == "application/*") {
      out.format = Format::Json;
    } else if (clause.type == "application/yaml" && !watch) {
      out.format = Format::Yaml;
    } else if (clause.type == kProto) {
      out.format = Format::Proto;
    } else {
      continue;
    }
    out.transform = Transform::None;
    if (!clause.as.empty()) {
      if (clause.group != "meta.k8s.io" || (clause.version != "v1" && clause.version != "v1beta1")) continue;
      out.transform_version = clause.version;
      if (clause.as == "Table" && out.format != Format::Proto) {
        out.transform = Transform::Table;
      } else if (clause.as == "PartialObjectMetadata") {
        out.transform = Transform::PartialMetadata;
      } else if (clause.as == "PartialObjectMetadataList") {
        out.transform = Transform::PartialMetadataList;
      } else {
        continue;
      }
    }
    return out;
  }
  if (!served)
    return Error(Code::NotAcceptable,
                 "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                 "application/vnd.kubernetes.protobuf" +
                     std::string(collection ? ", application/json;stream=watch, "
                                              "application/vnd.kubernetes.protobuf;stream=watch"
                                            : ""));
  return Error(Code::NotAcceptable,
               watch ? "only the following media types are accepted: application/json;stream=watch, "
                       "application/vnd.kubernetes.protobuf;stream=watch"
                     : "only the following media types are accepted: application/json, application/yaml, "
                       "application/vnd.kubernetes.protobuf");
}

Result<Format> body_format(const http::Headers& headers) {
  const std::string type = to_lower(trim(split(headers.get("Content-Type"), ';')[0]));
  if (type.empty() || type == "application/json") return Format::Json;
  if (type == "application/yaml") return Format::Yaml;
  if (type == kProto) return Format::Proto;
  return Error(Code::UnsupportedMediaType,
               "the body of the request was in an unknown format - accepted media types include: "
               "application/json, application/yaml, application/vnd.kubernetes.protobuf");
}

}  // namespace mizzen::apiserver
