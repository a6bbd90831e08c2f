#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "machinery/patch/patch.h"

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;
using codec::Value;

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList/";
constexpr std::string_view kSetOrder = "$setElementOrder/";

Error bad(std::string message) { return Error(Code::BadRequest, std::move(message)); }

/// What the schema says of the values below a place: the message, or nothing for free-form content.
struct Schema {
  const Message* message = nullptr;  ///< of an object with fields
  const Field* map = nullptr;        ///< of a map: its field, whose values have map->message
};

struct Place {
  Schema schema;
  const Field* field = nullptr;  ///< null for free-form content
};

Place below(const Schema& schema, std::string_view key) {
  if (schema.map) {
    if (schema.map->type == Type::Message) return {{schema.map->message, nullptr}, nullptr};
    return {};
  }
  if (!schema.message || schema.message->form != codec::JsonForm::Object) return {};
  const Field* f = schema.message->find_json(key);
  if (!f) return {};
  if (f->shape == Shape::Map) return {{nullptr, f}, f};
  return {{f->type == Type::Message ? f->message : nullptr, nullptr}, f};
}

Result<void> merge_map(Value& original, const Value& patch, const Schema& schema);

/// Removes directives and nulls from a patch that becomes content as it is.
Value content_of(const Value& patch) {
  if (patch.is_object()) {
    Value out = Value::object();
    for (const auto& [key, value] : patch.members()) {
      if (key.starts_with('$') && (key == kDirective || key == kRetainKeys ||
                                   key.starts_with(kDeleteFromList) || key.starts_with(kSetOrder)))
        continue;
      if (!value.is_null()) out[key] = content_of(value);
    }
    return out;
  }
  if (patch.is_array()) {
    Value out = Value::array();
    for (const Value& item : patch.items()) {
      const Value* directive = item.is_object() ? item.find(kDirective) : nullptr;
      if (directive && directive->text() == "delete") continue;
      out.items().push_back(content_of(item));
    }
    return out;
  }
  return patch;
}

bool same_key(const Value& a, const Value& b, std::string_view merge_key) {
  if (merge_key.empty()) return a == b;
  const Value* x = a.find(merge_key);
  const Value* y = b.find(merge_key);
  return x && y && *x == *y;
}

ptrdiff_t index_in(const std::vector<Value>& list, const Value& item, std::string_view merge_key) {
  for (size_t i = 0; i < list.size(); ++i)
    if (same_key(list[i], item, merge_key)) return static_cast<ptrdiff_t>(i);
  return -1;
}

/// Orders `merged` as the patch wants: items it names stand in its order, the others in the server's; where
/// both are known to the server its order decides, and what is new comes first.
void order(std::vector<Value>& merged, const std::vector<Value>& wanted, const std::vector<Value>& server,
           std::string_view key) {
  std::vector<Value> named, others;
  for (Value& v : merged) (index_in(wanted, v, key) >= 0 ? named : others).push_back(std::move(v));
  std::stable_sort(named.begin(), named.end(), [&](const Value& a, const Value& b) {
    return index_in(wanted, a, key) < index_in(wanted, b, key);
  });
  std::stable_sort(others.begin(), others.end(), [&](const Value& a, const Value& b) {
    return index_in(server, a, key) < index_in(server, b, key);
  });
  merged.clear();
  size_t i = 0, j = 0;
  while (i < named.size() || j < others.size()) {
    bool other = i >= named.size();
    if (!other && j < others.size()) {
      const ptrdiff_t a = index_in(server, named[i], key), b = index_in(server, others[j], key);
      other = a >= 0 && b >= 0 && b < a;
    }
    merged.push_back(std::move(other ? others[j++] : named[i++]));
  }
}

Result<void> merge_objects(std::vector<Value>& original, const Value& patch, const Field& f) {
  const std::string_view key = f.merge_key;
  const Schema schema{f.message, nullptr};
  // $patch: replace anywhere in the list replaces the list by the patch's other items.
  for (const Value& item : patch.items()) {
    const Value* directive = item.find(kDirective);
    if (directive && directive->text() == "replace") {
      Value kept = Value::array();
      for (const Value& other : patch.items())
        if (!other.find(kDirective)) kept.items().push_back(content_of(other));
      original = std::move(kept.items());
      return {};
    }
  }
  for (const Value& item : patch.items()) {
    if (!item.is_object()) return bad(fmt::format("expected an object in the list of {}", f.json));
    const Value* directive = item.find(kDirective);
    const Value* id = item.find(key);
    if (!id) return bad(fmt::format("map: {} does not contain declared merge key: {}", item.str(), key));
    if (directive && directive->text() == "delete") {
      std::erase_if(original, [&](const Value& v) { return same_key(v, item, key); });
      continue;
    }
    if (directive && directive->text() != "merge")
      return bad(fmt::format("unknown patch type found: {}", directive->text()));
    const ptrdiff_t at = index_in(original, item, key);
    if (at < 0) {
      original.push_back(content_of(item));
    } else {
      Value clean = item;
      clean.erase(kDirective);
      MZ_TRY(merge_map(original[static_cast<size_t>(at)], clean, schema));
    }
  }
  return {};
}

Result<void> merge_list(Value& original, const Value* patch, const Value* wanted, const Value* deleted,
                        const Field* f) {
  const bool merges = f && f->has(codec::kPatchMerge) && f->shape == Shape::List;
  if (!merges) {
    if (patch) original = content_of(*patch);
    return {};
  }
  if (!original.is_array()) original = Value::array();
  const std::vector<Value> server = original.items();
  const bool objects = f->type == Type::Message;
  if (deleted)
    for (const Value& gone : deleted->items()) std::erase(original.items(), gone);
  if (patch && objects) {
    MZ_TRY(merge_objects(original.items(), *patch, *f));
  } else if (patch) {
    for (const Value& item : patch->items())
      if (index_in(original.items(), item, "") < 0) original.items().push_back(item);
  }
  const Value* ordered = wanted ? wanted : patch;
  if (ordered) order(original.items(), ordered->items(), server, objects ? f->merge_key : std::string_view());
  return {};
}

Result<void> merge_member(Value& original, const std::string& key, const Value& patch, const Value& whole,
                          const Schema& schema) {
  if (patch.is_null()) {
    original.erase(key);
    return {};
  }
  const Place place = below(schema, key);
  if (patch.is_array()) {
    return merge_list(original[key], &patch, whole.find(std::string(kSetOrder) + key),
                      whole.find(std::string(kDeleteFromList) + key), place.field);
  }
  Value* at = original.find(key);
  if (!at || !patch.is_object() || !at->is_object() ||
      (place.field && place.field->has(codec::kPatchReplace))) {
    if (patch.is_object() && !at) {
      const Value* directive = patch.find(kDirective);
      if (directive && directive->text() == "delete") return {};
    }
    original[key] = content_of(patch);
    return {};
  }
  return merge_map(*at, patch, place.schema);
}

Result<void> merge_map(Value& original, const Value& patch, const Schema& schema) {
  if (const Value* directive = patch.find(kDirective)) {
    if (directive->text() == "replace") {
      original = content_of(patch);
      return {};
    }
    if (directive->text() == "delete") {
      original = Value::object();
      return {};
    }
    if (directive->text() != "merge")
      return bad(fmt::format("unknown patch type found: {}", directive->text()));
  }
  if (const Value* retain = patch.find(kRetainKeys)) {
    if (!retain->is_array()) return bad("invalid patch format of retainKeys");
    std::erase_if(original.members(), [&](const Value::Member& m) {
      return index_in(retain->items(), Value::string(m.first), "") < 0;
    });
  }
  for (const auto& [key, value] : patch.members()) {
    if (key == kDirective || key == kRetainKeys) continue;
    for (const std::string_view prefix : {kDeleteFromList, kSetOrder}) {
      if (!key.starts_with(prefix)) continue;
      // Beside a patch of the list itself it is handled there; alone it still deletes and orders.
      const std::string name = key.substr(prefix.size());
      if (!value.is_array()) return bad(fmt::format("expected a list under {}", key));
      const bool other = prefix == kDeleteFromList && patch.find(std::string(kSetOrder) + name);
      if (patch.find(name) || other) continue;
      const Value* deleted = patch.find(std::string(kDeleteFromList) + name);
      if (Value* list = original.find(name))
        MZ_TRY(merge_list(*list, nullptr, prefix == kSetOrder ? &value : nullptr, deleted,
                          below(schema, name).field));
    }
    if (key.starts_with(kDeleteFromList) || key.starts_with(kSetOrder)) continue;
    MZ_TRY(merge_member(original, key, value, patch, schema));
  }
  return {};
}

}  // namespace

Result<void> apply_strategic_patch(Value& document, const Value& patch, const Message& m) {
  if (!patch.is_object())
    return bad("json: cannot unmarshal array into Go value of type map[string]interface {}");
  return merge_map(document, patch, {&m, nullptr});
}

}  // namespace mizzen::machinery
