#include "apiserver/request/old_api.h"

#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"

namespace mizzen::apiserver {
namespace {

using api::v1beta1::KindNames;
using codec::Value;

std::string text_at(const Value& object, std::string_view name) {
  const Value* found = object.is_object() ? object.find(name) : nullptr;
  return found && found->is_string() ? found->text() : "";
}

Result<Value> parse_body(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && body[first] == '{') return Value::parse(body);
  MZ_ASSIGN(const auto json, codec::yaml_document_to_json(body));
  return Value::parse(json);
}

/// Where a pod was bound is no part of what its owner wrote, and cannot be taken away.
void keep_place(const Value& stored, Value& wanted) {
  Value* spec = wanted.find("spec");
  const Value* had = stored.find("spec");
  if (!spec || !spec->is_object() || !had || !had->is_object() || spec->find("nodeName")) return;
  if (const Value* place = had->find("nodeName")) (*spec)["nodeName"] = *place;
}

}  // namespace

std::optional<OldRequest> old_request(std::string_view method, const std::vector<std::string>& segments,
                                      const http::Query& query) {
  if (segments.size() < 3 || segments[0] != "api" || segments[1] != "v1beta1") return std::nullopt;
  const KindNames* kind = api::v1beta1::find_resource(segments[2]);
  if (!kind) return std::nullopt;
  OldRequest out{kind, {"api", "v1"}, "", {}};
  const bool of_all = segments.size() == 3 && method == "GET";
  std::string ns(query.get("namespace"));
  if (ns.empty() && !of_all) ns = "default";
  if (kind->now != "Node" && !ns.empty()) {
    out.segments.emplace_back("namespaces");
    out.segments.push_back(ns);
  }
  out.segments.emplace_back(kind->plural);
  out.segments.insert(out.segments.end(), segments.begin() + 3, segments.end());
  for (const auto& segment : out.segments) out.path += "/" + http::percent_encode(segment);
  for (const auto& [name, value] : query) {
    if (name == "namespace") continue;
    out.query.add(name == "labels" ? "labelSelector" : name == "fields" ? "fieldSelector" : name, value);
  }
  return out;
}

Result<std::string> body_of_old(const KindNames& kind, api::Verb verb, std::string_view body,
                                std::string_view stored, std::vector<std::string>& unknown) {
  if (body.empty()) return std::string();
  MZ_ASSIGN(Value document, parse_body(body));
  if (verb == api::Verb::Delete || verb == api::Verb::DeleteCollection) {
    // DeleteOptions are the same but for their version.
    if (document.is_object()) document["apiVersion"] = Value::string("v1");
    return document.str();
  }
  if (!api::v1beta1::is_old(document) && !text_at(document, "apiVersion").empty())
    return Error(Code::BadRequest, "the API version in the data (" + text_at(document, "apiVersion") +
                                       ") does not match the expected API version (v1beta1)");
  MZ_ASSIGN(auto now, api::v1beta1::to_v1(document, kind.old));
  unknown = std::move(now.unknown);
  if (text_at(now.object, "kind") != kind.now)
    return Error(Code::BadRequest,
                 "the kind in the data does not match the expected kind (" + std::string(kind.old) + ")");
  if (stored.empty()) return now.object.str();
  MZ_ASSIGN(const Value had, Value::parse(stored));
  MZ_ASSIGN(const Value old, api::v1beta1::from_v1(had));
  MZ_ASSIGN(const auto shown, api::v1beta1::to_v1(old));
  if (kind.now == "Pod") keep_place(had, now.object);
  return api::v1beta1::updated(had, shown.object, now.object).str();
}

http::Body answer_of_old(const KindNames& kind, http::Body answer) {
  std::string text;
  for (const http::Slice& slice : answer) text += slice.view();
  const auto object = Value::parse(text);
  if (!object.ok()) return answer;
  const std::string what = text_at(*object, "kind");
  if (what != kind.now && what != kind.now_list) return answer;
  const auto old = api::v1beta1::from_v1(*object);
  return old.ok() ? http::Body{http::Slice(old->str())} : answer;
}

}  // namespace mizzen::apiserver
