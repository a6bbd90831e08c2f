#include "api/openapi/openapi_document.h"

#include <map>
#include <set>
#include <span>

#include "base/strings.h"

namespace mizzen::api {
namespace {

using codec::Value;

Value text(std::string_view s) { return Value::string(std::string(s)); }

using Texts = std::span<const std::string_view>;

Value list_of(Texts items) {
  Value v = Value::array();
  for (std::string_view i : items) v.items().push_back(text(i));
  return v;
}

Value parameter(std::string_view name, std::string_view in, std::string_view type, bool required, bool v3) {
  Value v = Value::object();
  v["name"] = text(name);
  v["in"] = text(in);
  if (required) v["required"] = Value::boolean(true);
  if (v3) {
    Value schema = Value::object();
    schema["type"] = text(type);
    v["schema"] = std::move(schema);
  } else {
    v["type"] = text(type);
  }
  if (in == "query") v["uniqueItems"] = Value::boolean(true);
  if (v3) v.erase("uniqueItems");
  return v;
}

void query_parameters(const ApiOperation& op, Value& out, bool v3) {
  const auto query = [&](std::string_view name, std::string_view type) {
    out.items().push_back(parameter(name, "query", type, false, v3));
  };
  if (op.lists) {
    for (const char* name : {"allowWatchBookmarks", "sendInitialEvents", "watch"})
      if (op.method == "get") query(name, "boolean");
    for (const char* name :
         {"continue", "fieldSelector", "labelSelector", "resourceVersion", "resourceVersionMatch"})
      query(name, "string");
    for (const char* name : {"limit", "timeoutSeconds"}) query(name, "integer");
  }
  if (op.writes || op.deletes) query("dryRun", "string");
  if (op.deletes) {
    query("gracePeriodSeconds", "integer");
    query("orphanDependents", "boolean");
    query("propagationPolicy", "string");
  }
  if (op.writes) {
    query("fieldManager", "string");
    query("fieldValidation", "string");
  }
  if (op.patches) query("force", "boolean");
}

Value path_parameters(const ApiOperation& op, bool v3) {
  Value out = Value::array();
  if (op.named) out.items().push_back(parameter("name", "path", "string", true, v3));
  if (op.namespaced) out.items().push_back(parameter("namespace", "path", "string", true, v3));
  out.items().push_back(parameter("pretty", "query", "string", false, v3));
  return out;
}

Value reference(std::string_view prefix, const codec::Message& m) {
  Value v = Value::object();
  v["$ref"] = text(std::string(prefix) + definition_name(m));
  return v;
}

constexpr std::string_view kTypes[] = {"application/json", "application/yaml",
                                       "application/vnd.kubernetes.protobuf"};
constexpr std::string_view kPatchTypes[] = {"application/json-patch+json", "application/merge-patch+json",
                                            "application/strategic-merge-patch+json"};
constexpr std::string_view kAnyType[] = {"*/*"};
constexpr std::string_view kV2 = "#/definitions/";
constexpr std::string_view kV3 = "#/components/schemas/";
constexpr const char* kPatchDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

void mark(const ApiOperation& op, Value& out) {
  out["x-kubernetes-action"] = text(op.action);
  Value gvk = Value::object();
  gvk["group"] = text(op.group);
  gvk["kind"] = text(op.kind);
  gvk["version"] = text(op.version);
  out["x-kubernetes-group-version-kind"] = std::move(gvk);
}

std::string tag_of(const ApiOperation& op) {
  const bool core = op.path.starts_with("/api/");
  const auto parts = split(op.path, '/');
  if (core) return "core_" + std::string(parts[2]);
  std::string group(parts[2]);
  if (group.ends_with(".k8s.io")) group.resize(group.size() - 7);
  return group + "_" + std::string(parts[3]);
}

Value tags_of(const ApiOperation& op) {
  Value v = Value::array();
  v.items().push_back(text(tag_of(op)));
  return v;
}

Value operation_v2(const ApiOperation& op) {
  Value out = Value::object();
  out["consumes"] = list_of(op.patches ? Texts(kPatchTypes) : Texts(kAnyType));
  out["produces"] = list_of(kTypes);
  constexpr std::string_view kHttps[] = {"https"};
  out["schemes"] = list_of(kHttps);
  out["tags"] = tags_of(op);
  out["operationId"] = text(op.id);
  Value parameters = Value::array();
  if (op.body || op.patches) {
    Value body = Value::object();
    body["name"] = text("body");
    body["in"] = text("body");
    if (!op.deletes) body["required"] = Value::boolean(true);
    if (op.body) {
      body["schema"] = reference(kV2, *op.body);
    } else {
      body["schema"]["$ref"] = text(std::string(kV2) + kPatchDefinition);
    }
    parameters.items().push_back(std::move(body));
  }
  query_parameters(op, parameters, false);
  if (!parameters.items().empty()) out["parameters"] = std::move(parameters);
  Value ok = Value::object();
  ok["description"] = text("OK");
  if (op.answer) ok["schema"] = reference(kV2, *op.answer);
  out["responses"]["200"] = ok;
  if (op.method == "post" || op.method == "put" || op.patches) {
    ok["description"] = text("Created");
    out["responses"]["201"] = ok;
  }
  Value unauthorized = Value::object();
  unauthorized["description"] = text("Unauthorized");
  out["responses"]["401"] = std::move(unauthorized);
  mark(op, out);
  return out;
}

Value operation_v3(const ApiOperation& op) {
  Value out = Value::object();
  out["tags"] = tags_of(op);
  out["operationId"] = text(op.id);
  Value parameters = Value::array();
  query_parameters(op, parameters, true);
  if (!parameters.items().empty()) out["parameters"] = std::move(parameters);
  const auto content = [&](Value& at, Texts types, const Value& schema) {
    for (std::string_view type : types) at["content"][type]["schema"] = schema;
  };
  if (op.body || op.patches) {
    Value schema = Value::object();
    if (op.body) {
      schema = reference(kV3, *op.body);
    } else {
      schema["$ref"] = text(std::string(kV3) + kPatchDefinition);
    }
    Value body = Value::object();
    content(body, op.patches ? Texts(kPatchTypes) : Texts(kAnyType), schema);
    if (!op.deletes) body["required"] = Value::boolean(true);
    out["requestBody"] = std::move(body);
  }
  Value ok = Value::object();
  ok["description"] = text("OK");
  if (op.answer) content(ok, kTypes, reference(kV3, *op.answer));
  out["responses"]["200"] = std::move(ok);
  mark(op, out);
  return out;
}

/// Definitions of the value types, which have no message of their own.
void value_definitions(Value& out, bool v3) {
  const auto add = [&](const char* name, std::string_view type, std::string_view format) {
    Value v = Value::object();
    if (!type.empty()) v["type"] = text(type);
    if (!format.empty()) v["format"] = text(format);
    out[name] = std::move(v);
  };
  const auto either = [&](const char* name, std::string_view other) {
    Value any = Value::array();
    for (std::string_view t : {other, std::string_view("string")})
      any.items().emplace_back()["type"] = text(t);
    out[name].erase("type");
    out[name]["oneOf"] = std::move(any);
  };
  add("io.k8s.apimachinery.pkg.api.resource.Quantity", "string", "");
  add("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "string", "int-or-string");
  if (v3) {
    either("io.k8s.apimachinery.pkg.api.resource.Quantity", "number");
    either("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "integer");
  }
  add("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "string", "date-time");
  add("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "string", "date-time");
  add(kPatchDefinition, "object", "");
}

void add_definitions(Value& out, const std::vector<ApiOperation>& operations, std::string_view prefix,
                     bool v3) {
  std::vector<const codec::Message*> roots;
  for (const ApiOperation& op : operations) {
    roots.push_back(op.body);
    roots.push_back(op.answer);
  }
  for (const auto& [name, message] : reachable_definitions(roots))
    out[name] = definition_of(*message, prefix, v3);
  value_definitions(out, v3);
}

Value info() {
  Value v = Value::object();
  v["title"] = text("Kubernetes");
  v["version"] = text("v1.36.2");
  return v;
}

/// All operations by path, so that each path has its parameters once.
void add_paths(Value& out, const std::vector<ApiOperation>& operations, bool v3) {
  std::map<std::string, std::vector<const ApiOperation*>> paths;
  for (const ApiOperation& op : operations) paths[op.path].push_back(&op);
  for (const auto& [path, ops] : paths) {
    Value item = Value::object();
    for (const ApiOperation* op : ops) item[op->method] = v3 ? operation_v3(*op) : operation_v2(*op);
    item["parameters"] = path_parameters(*ops[0], v3);
    out[path] = std::move(item);
  }
}

}  // namespace

codec::Value openapi_v2_document(const Registry& registry) {
  std::vector<ApiOperation> operations;
  std::set<std::pair<std::string, std::string>> done;
  for (const ResourceInfo& r : registry.resources())
    for (const ServedVersion& v : r.versions)
      if (done.emplace(v.group, v.version).second)
        for (ApiOperation& op : api_operations(registry, v.group, v.version))
          operations.push_back(std::move(op));
  Value out = Value::object();
  out["swagger"] = text("2.0");
  out["info"] = info();
  Value paths = Value::object();
  add_paths(paths, operations, false);
  out["paths"] = std::move(paths);
  Value definitions = Value::object();
  add_definitions(definitions, operations, kV2, false);
  out["definitions"] = std::move(definitions);
  return out;
}

codec::Value openapi_v3_document(const Registry& registry, std::string_view group, std::string_view version) {
  const auto operations = api_operations(registry, group, version);
  Value out = Value::object();
  out["openapi"] = text("3.0.0");
  out["info"] = info();
  Value paths = Value::object();
  add_paths(paths, operations, true);
  out["paths"] = std::move(paths);
  Value schemas = Value::object();
  add_definitions(schemas, operations, kV3, true);
  out["components"]["schemas"] = std::move(schemas);
  return out;
}

}  // namespace mizzen::api
