// OpenAPI v2 as gnostic's protobuf: field numbers from its openapiv2/OpenAPIv2.proto.
#include "api/openapi/openapi.h"
#include "api/openapi/openapi_document.h"
#include "codec/yaml/yaml.h"

namespace mizzen::api {
namespace {

using codec::Value;

void varint(std::string& out, uint64_t v) {
  while (v >= 0x80) {
    out += static_cast<char>(v | 0x80);
    v >>= 7;
  }
  out += static_cast<char>(v);
}
void bytes(std::string& out, uint32_t number, std::string_view s) {
  varint(out, number << 3 | 2);
  varint(out, s.size());
  out += s;
}
void boolean(std::string& out, uint32_t number, bool b) {
  if (!b) return;
  varint(out, number << 3);
  out += '\1';
}
void string_member(std::string& out, uint32_t number, const Value& v, std::string_view key) {
  if (const Value* m = v.find(key)) bytes(out, number, m->text());
}
void string_list(std::string& out, uint32_t number, const Value& v, std::string_view key) {
  if (const Value* list = v.find(key))
    for (const Value& item : list->items()) bytes(out, number, item.text());
}

/// name = 1, value = 2: how gnostic spells every map.
std::string named(std::string_view name, std::string_view value) {
  std::string out;
  bytes(out, 1, name);
  bytes(out, 2, value);
  return out;
}

/// Extensions are YAML text in Any.yaml.
void extensions(std::string& out, uint32_t number, const Value& v) {
  for (const auto& [key, value] : v.members()) {
    if (!key.starts_with("x-")) continue;
    auto yaml = codec::json_to_yaml(value.str());
    std::string any;
    bytes(any, 2, yaml.ok() ? *yaml : value.str());
    bytes(out, number, named(key, any));
  }
}

std::string schema(const Value& v) {
  std::string out;
  string_member(out, 1, v, "$ref");
  string_member(out, 2, v, "format");
  string_member(out, 4, v, "description");
  string_list(out, 19, v, "required");
  if (const Value* more = v.find("additionalProperties")) {
    std::string item;
    bytes(item, 1, schema(*more));
    bytes(out, 21, item);
  }
  if (const Value* type = v.find("type")) {
    std::string item;
    bytes(item, 1, type->text());
    bytes(out, 22, item);
  }
  if (const Value* items = v.find("items")) {
    std::string item;
    bytes(item, 1, schema(*items));
    bytes(out, 23, item);
  }
  if (const Value* properties = v.find("properties")) {
    std::string all;
    for (const auto& [name, value] : properties->members()) bytes(all, 1, named(name, schema(value)));
    bytes(out, 25, all);
  }
  extensions(out, 31, v);
  return out;
}

std::string parameter_item(const Value& v) {
  const std::string& in = v.find("in")->text();
  const bool required = v.find("required") && v.find("required")->as_bool();
  std::string parameter;
  if (in == "body") {
    std::string body;
    string_member(body, 1, v, "description");
    string_member(body, 2, v, "name");
    string_member(body, 3, v, "in");
    boolean(body, 4, required);
    bytes(body, 5, schema(*v.find("schema")));
    bytes(parameter, 1, body);
  } else {
    std::string sub;
    boolean(sub, 1, required);
    string_member(sub, 2, v, "in");
    string_member(sub, 3, v, "description");
    string_member(sub, 4, v, "name");
    string_member(sub, in == "query" ? 6 : 5, v, "type");
    std::string non_body;
    bytes(non_body, in == "query" ? 3 : 4, sub);
    bytes(parameter, 2, non_body);
  }
  std::string item;
  bytes(item, 1, parameter);
  return item;
}

std::string operation(const Value& v) {
  std::string out;
  string_list(out, 1, v, "tags");
  string_member(out, 3, v, "description");
  string_member(out, 5, v, "operationId");
  string_list(out, 6, v, "produces");
  string_list(out, 7, v, "consumes");
  if (const Value* list = v.find("parameters"))
    for (const Value& p : list->items()) bytes(out, 8, parameter_item(p));
  std::string responses;
  for (const auto& [code, value] : v.find("responses")->members()) {
    std::string response;
    string_member(response, 1, value, "description");
    if (const Value* s = value.find("schema")) {
      std::string item;
      bytes(item, 1, schema(*s));
      bytes(response, 2, item);
    }
    std::string holder;
    bytes(holder, 1, response);
    bytes(responses, 1, named(code, holder));
  }
  bytes(out, 9, responses);
  string_list(out, 10, v, "schemes");
  extensions(out, 13, v);
  return out;
}

}  // namespace

std::string openapi_v2_proto(const Registry& registry) {
  const Value document = openapi_v2_document(registry);
  std::string out;
  string_member(out, 1, document, "swagger");
  std::string info;
  string_member(info, 1, *document.find("info"), "title");
  string_member(info, 2, *document.find("info"), "version");
  bytes(out, 2, info);
  std::string paths;
  for (const auto& [path, item] : document.find("paths")->members()) {
    std::string encoded;
    const std::pair<const char*, uint32_t> methods[] = {
        {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
    for (const auto& [method, number] : methods)
      if (const Value* op = item.find(method)) bytes(encoded, number, operation(*op));
    if (const Value* list = item.find("parameters"))
      for (const Value& p : list->items()) bytes(encoded, 9, parameter_item(p));
    bytes(paths, 2, named(path, encoded));
  }
  bytes(out, 8, paths);
  std::string definitions;
  for (const auto& [name, value] : document.find("definitions")->members())
    bytes(definitions, 1, named(name, schema(value)));
  bytes(out, 9, definitions);
  return out;
}

}  // namespace mizzen::api
