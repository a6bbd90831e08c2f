#include <fmt/format.h>

#include <optional>

#include "base/strings.h"
#include "machinery/patch/patch.h"

namespace mizzen::machinery {
namespace {

using codec::Value;

Error unprocessable(const std::string& why) {
  ErrorDetails details;
  details.causes.push_back({"UnexpectedServerResponse", why, ""});
  return Error(Code::Invalid, "the server rejected our request due to an error in our request",
               std::move(details));
}

Result<std::vector<std::string>> pointer(const Value* v) {
  if (!v || !v->is_string()) return Error(Code::BadRequest, "json patch: operation without a path");
  std::vector<std::string> out;
  if (v->text().empty()) return out;
  if (v->text()[0] != '/')
    return unprocessable(fmt::format("jsonpatch path does not start with '/': {}", v->text()));
  for (std::string_view part : split(std::string_view(v->text()).substr(1), '/')) {
    std::string token;
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        token += part[++i] == '0' ? '~' : '/';
      } else {
        token += part[i];
      }
    }
    out.push_back(std::move(token));
  }
  return out;
}

std::optional<size_t> index_of(const std::string& token, size_t size, bool append_allowed) {
  if (append_allowed && token == "-") return size;
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  const auto i = parse_int<uint32_t>(token);
  if (!i || *i > size || (*i == size && !append_allowed)) return std::nullopt;
  return *i;
}

/// The container of the last token; nullptr where the way there is missing.
Value* parent_of(Value& document, const std::vector<std::string>& path) {
  Value* at = &document;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    if (at->is_array()) {
      const auto index = index_of(path[i], at->items().size(), false);
      if (!index) return nullptr;
      at = &at->items()[*index];
    } else {
      at = at->find(path[i]);
      if (!at) return nullptr;
    }
  }
  return at;
}

Value* find(Value& document, const std::vector<std::string>& path) {
  if (path.empty()) return &document;
  Value* parent = parent_of(document, path);
  if (!parent) return nullptr;
  if (!parent->is_array()) return parent->find(path.back());
  const auto index = index_of(path.back(), parent->items().size(), false);
  return index ? &parent->items()[*index] : nullptr;
}

bool add(Value& document, const std::vector<std::string>& path, Value value) {
  if (path.empty()) {
    document = std::move(value);
    return true;
  }
  Value* parent = parent_of(document, path);
  if (!parent) return false;
  if (parent->is_array()) {
    const auto index = index_of(path.back(), parent->items().size(), true);
    if (!index) return false;
    parent->items().insert(parent->items().begin() + static_cast<ptrdiff_t>(*index), std::move(value));
    return true;
  }
  if (!parent->is_object()) return false;
  (*parent)[path.back()] = std::move(value);
  return true;
}

bool remove(Value& document, const std::vector<std::string>& path) {
  if (path.empty()) return false;
  Value* parent = parent_of(document, path);
  if (!parent) return false;
  if (!parent->is_array()) return parent->erase(path.back());
  const auto index = index_of(path.back(), parent->items().size(), false);
  if (!index) return false;
  parent->items().erase(parent->items().begin() + static_cast<ptrdiff_t>(*index));
  return true;
}

Result<void> apply_op(Value& document, const Value& op) {
  const Value* name = op.find("op");
  if (!name || !name->is_string()) return Error(Code::BadRequest, "json patch: operation without an op");
  MZ_ASSIGN(const auto path, pointer(op.find("path")));
  const std::string& where = op.find("path")->text();
  const Value* value = op.find("value");
  const std::string& kind = name->text();
  if ((kind == "add" || kind == "replace") && !value) value = nullptr;
  if (kind == "add") {
    if (!add(document, path, value ? *value : Value()))
      return unprocessable(
          fmt::format("add operation does not apply: doc is missing path: {}: missing value", quote(where)));
  } else if (kind == "remove") {
    if (!remove(document, path))
      return unprocessable(fmt::format(
          "remove operation does not apply: doc is missing path: {}: missing value", quote(where)));
  } else if (kind == "replace") {
    Value* at = find(document, path);
    if (!at)
      return unprocessable(fmt::format(
          "replace operation does not apply: doc is missing path: {}: missing value", quote(where)));
    *at = value ? *value : Value();
  } else if (kind == "test") {
    const Value* at = find(document, path);
    const bool same = at ? value && *at == *value : !value || value->is_null();
    if (!same) return unprocessable(fmt::format("testing value {} failed: test failed", where));
  } else if (kind == "move" || kind == "copy") {
    MZ_ASSIGN(const auto from, pointer(op.find("from")));
    const Value* at = find(document, from);
    if (!at)
      return unprocessable(
          fmt::format("{} operation does not apply: doc is missing from path: {}: missing value", kind,
                      quote(op.find("from")->text())));
    Value moved = *at;
    if (kind == "move") remove(document, from);
    if (!add(document, path, std::move(moved)))
      return unprocessable(
          fmt::format("{} operation does not apply: doc is missing destination path: {}: missing value", kind,
                      quote(where)));
  } else {
    return unprocessable(fmt::format("Unexpected kind: {}", kind));
  }
  return {};
}

}  // namespace

Result<void> apply_json_patch(Value& document, const Value& patch) {
  if (!patch.is_array())
    return Error(Code::BadRequest, "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.items().size() > kJsonPatchOpsMax) {
    return Error(Code::RequestEntityTooLarge,
                 fmt::format("The allowed maximum operations in a JSON patch is {}, got {}", kJsonPatchOpsMax,
                             patch.items().size()));
  }
  for (const Value& op : patch.items()) MZ_TRY(apply_op(document, op));
  return {};
}

void apply_merge_patch(Value& document, const Value& patch) {
  if (!patch.is_object()) {
    document = patch;
    return;
  }
  if (!document.is_object()) document = Value::object();
  for (const auto& [key, value] : patch.members()) {
    if (value.is_null()) {
      document.erase(key);
    } else {
      apply_merge_patch(document[key], value);
    }
  }
}

}  // namespace mizzen::machinery
