// Definitions: what one message looks like in OpenAPI.
#include <map>

#include "api/openapi/openapi_document.h"
#include "api/registry/kinds.h"
#include "base/strings.h"
#include "codec/tables/schema.h"

namespace mizzen::api {
namespace {

using codec::Field;
using codec::Flag;
using codec::Message;
using codec::Shape;
using codec::Type;
using codec::Value;

Value text(std::string_view s) { return Value::string(std::string(s)); }

Value typed(std::string_view type, std::string_view format = "") {
  Value v = Value::object();
  v["type"] = text(type);
  if (!format.empty()) v["format"] = text(format);
  return v;
}

Value reference(std::string_view prefix, const std::string& name) {
  Value v = Value::object();
  v["$ref"] = text(std::string(prefix) + name);
  return v;
}

constexpr std::string_view kQuantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr std::string_view kIntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const std::string kExtensions = "io.k8s.apiextensions-apiserver.pkg.apis.";
const std::string kAggregator = "io.k8s.kube-aggregator.pkg.apis.";
constexpr std::string_view kTime = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
constexpr std::string_view kMicroTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";

Value value_schema(const Field& f, std::string_view prefix) {
  switch (f.type) {
    case Type::Bool:
      return typed("boolean");
    case Type::Int32:
    case Type::Uint32:
      return typed("integer", "int32");
    case Type::Int64:
    case Type::Uint64:
      return typed("integer", "int64");
    case Type::Double:
      return typed("number", "double");
    case Type::Bytes:
      return typed("string", "byte");
    case Type::Message: {
      if (f.message->form == codec::JsonForm::List) {  // ExtraValue, Verbs
        Value v = typed("array");
        v["items"] = typed("string");
        return v;
      }
      return reference(prefix, definition_name(*f.message));
    }
    case Type::Time:
      return reference(prefix, std::string(kTime));
    case Type::MicroTime:
      return reference(prefix, std::string(kMicroTime));
    case Type::Quantity:
      return reference(prefix, std::string(kQuantity));
    case Type::IntOrString:
      return reference(prefix, std::string(kIntOrString));
    case Type::RawJson:
      return typed("object");
    default: {
      Value v = typed("string");
      return v;
    }
  }
}

/// In version 3 a reference may not have siblings: it is wrapped.
void decorate(Value& v, bool v3, std::string_view key, Value what) {
  if (v3 && v.find("$ref")) {
    Value wrapped = Value::object();
    Value all = Value::array();
    all.items().push_back(std::move(v));
    wrapped["allOf"] = std::move(all);
    v = std::move(wrapped);
  }
  v[key] = std::move(what);
}

Value field_schema(const Field& f, std::string_view prefix, bool v3) {
  Value v;
  if (f.shape == Shape::List) {
    v = typed("array");
    v["items"] = value_schema(f, prefix);
  } else if (f.shape == Shape::Map) {
    v = typed("object");
    v["additionalProperties"] = value_schema(f, prefix);
  } else {
    v = value_schema(f, prefix);
    if (!f.enum_values.empty() && v3) {
      Value values = Value::array();
      for (std::string_view e : split(f.enum_values, ',')) values.items().push_back(text(e));
      v["enum"] = std::move(values);
    }
  }
  if (!f.default_value.empty() && v3) {
    if (auto parsed = codec::Value::parse(f.default_value); parsed.ok())
      decorate(v, v3, "default", std::move(*parsed));
  }
  const auto mark = [&](std::string_view key, Value what) { decorate(v, v3, key, std::move(what)); };
  if (f.has(Flag::kListAtomic)) mark("x-kubernetes-list-type", text("atomic"));
  if (f.has(Flag::kListSet)) mark("x-kubernetes-list-type", text("set"));
  if (f.has(Flag::kListMap)) {
    Value keys = Value::array();
    for (std::string_view k : split(f.list_keys, ',')) keys.items().push_back(text(k));
    mark("x-kubernetes-list-map-keys", std::move(keys));
    mark("x-kubernetes-list-type", text("map"));
  }
  if (f.has(Flag::kStructAtomic)) mark("x-kubernetes-map-type", text("atomic"));
  if (!f.merge_key.empty()) mark("x-kubernetes-patch-merge-key", text(f.merge_key));
  std::string strategy;
  if (f.has(Flag::kPatchMerge)) strategy = "merge";
  if (f.has(Flag::kPatchReplace)) strategy = "replace";
  if (f.has(Flag::kPatchRetainKeys)) strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
  if (!strategy.empty()) mark("x-kubernetes-patch-strategy", text(strategy));
  return v;
}

}  // namespace

std::string definition_name(const Message& m) {
  std::string package(m.package);
  if (package.starts_with("meta."))
    return "io.k8s.apimachinery.pkg.apis." + package + "." + std::string(m.name);
  if (package.starts_with("api.apiextensions."))
    return kExtensions + package.substr(4) + "." + std::string(m.name);
  if (package.starts_with("api.apiregistration."))
    return kAggregator + package.substr(4) + "." + std::string(m.name);
  return "io.k8s." + package + "." + std::string(m.name);
}

Value definition_of(const Message& m, std::string_view prefix, bool v3) {
  Value v = Value::object();
  v["type"] = text("object");
  Value properties = Value::object();
  Value required = Value::array();
  Value kinds = Value::array();
  for (const SchemaKind& k : schema_kinds()) {
    if (k.message != &m) continue;
    Value gvk = Value::object();
    gvk["group"] = text(k.group);
    gvk["kind"] = text(k.kind);
    gvk["version"] = text(k.version);
    kinds.items().push_back(std::move(gvk));
  }
  if (m.name == "Status" || m.name == "DeleteOptions" || m.name == "WatchEvent" || !kinds.items().empty()) {
    if (m.name != "WatchEvent") {
      properties["apiVersion"] = typed("string");
      properties["kind"] = typed("string");
    }
  }
  for (const Field& f : m.json) {
    properties[f.json] = field_schema(f, prefix, v3);
    if (f.has(Flag::kRequired)) required.items().push_back(text(f.json));
  }
  if (!properties.members().empty()) v["properties"] = std::move(properties);
  if (!required.items().empty()) v["required"] = std::move(required);
  constexpr std::string_view kAtomic[] = {"ObjectReference",
                                          "LocalObjectReference",
                                          "LabelSelector",
                                          "OwnerReference",
                                          "NodeSelector",
                                          "NodeSelectorTerm",
                                          "ObjectFieldSelector",
                                          "ResourceFieldSelector",
                                          "SecretReference",
                                          "TopologySelectorTerm",
                                          "TypedLocalObjectReference"};
  bool atomic = m.name.ends_with("KeySelector");
  for (std::string_view name : kAtomic) atomic = atomic || m.name == name;
  if (atomic) v["x-kubernetes-map-type"] = text("atomic");
  if (!kinds.items().empty()) v["x-kubernetes-group-version-kind"] = std::move(kinds);
  return v;
}

std::vector<std::pair<std::string, const Message*>> reachable_definitions(
    const std::vector<const Message*>& roots) {
  std::map<std::string, const Message*> seen;
  std::vector<const Message*> todo(roots);
  while (!todo.empty()) {
    const Message* m = todo.back();
    todo.pop_back();
    if (!m || m->form == codec::JsonForm::List || !seen.emplace(definition_name(*m), m).second) continue;
    for (const Field& f : m->json)
      if (f.type == Type::Message) todo.push_back(f.message);
    for (const Field& f : m->wire)
      if (f.type == Type::Message && !f.has(Flag::kInline)) todo.push_back(f.message);
  }
  return {seen.begin(), seen.end()};
}

}  // namespace mizzen::api
