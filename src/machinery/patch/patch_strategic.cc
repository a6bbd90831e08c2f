#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "machinery/errors/go_print.h"
#include "machinery/patch/patch.h"

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;
using codec::Value;
using Items = std::vector<Value>;

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList";
constexpr std::string_view kSetOrder = "$setElementOrder";

/// Upstream's plain errors: 500 without a reason.
Error plain(std::string message) { return Error(Code::Unknown, std::move(message)); }
Error bad_format(std::string_view what) {
  return Error(Code::BadRequest, fmt::format("invalid patch format of {}", what));
}
Error no_merge_key(const Value& item, std::string_view key) {
  return plain(fmt::format("map: {} does not contain declared merge key: {}", go_print(item), key));
}
Error bad_type(std::string_view wanted, const Value& got) {
  return plain(fmt::format("expected a {}, but received a {}", wanted, go_type_name(got)));
}
Error unknown_directive(const Value& directive, const Value& patch) {
  const std::string shown = directive.is_string() ? directive.text()
                            : directive.is_null()
                                ? "%!s(<nil>)"
                                : fmt::format("%!s({}={})", go_type_name(directive), go_print(directive));
  return plain(fmt::format("unknown patch type: {} in map: {}", shown, go_print(patch)));
}

/// What the schema says of the values below a place: the message of an object, or the field of a map.
struct Schema {
  const Message* message = nullptr;
  const Field* map = nullptr;
};

const Field* field_of(const Schema& schema, std::string_view key) {
  if (!schema.message || schema.message->form != codec::JsonForm::Object) return nullptr;
  return schema.message->find_json(key);
}

Schema below(const Schema& schema, std::string_view key) {
  if (schema.map) return {schema.map->type == Type::Message ? schema.map->message : nullptr, nullptr};
  const Field* f = field_of(schema, key);
  if (!f) return {};
  if (f->shape == Shape::Map) return {nullptr, f};
  return {f->type == Type::Message ? f->message : nullptr, nullptr};
}

Error unknown_field(const Schema& schema, std::string_view key) {
  return plain(fmt::format("unable to find api field in struct {} for the json field \"{}\"",
                           schema.message ? schema.message->name : "", key));
}

Result<void> merge_map(Value& original, Value patch, const Schema& schema);

/// What a value is found by in a list: itself, or what its merge key holds. Values of different types differ.
std::string identity(const Value& v) {
  return std::string(go_kind(v)) + (v.is_object() || v.is_array() ? v.str() : v.text());
}
std::optional<std::string> identity(const Value& item, std::string_view merge_key) {
  if (merge_key.empty()) return identity(item);
  const Value* key = item.find(merge_key);
  return key ? std::optional<std::string>(identity(*key)) : std::nullopt;
}

/// Places in a list by identity; the first of equals counts.
using Index = std::map<std::string, size_t>;
Index index_of(const Items& list, std::string_view merge_key) {
  Index out;
  for (size_t i = 0; i < list.size(); ++i)
    if (const auto id = identity(list[i], merge_key)) out.emplace(*id, i);
  return out;
}

/// Removes null members all the way down.
void drop_nulls(Value& v) {
  std::erase_if(v.members(), [](const Value::Member& m) { return m.second.is_null(); });
  for (auto& [key, value] : v.members()) drop_nulls(value);
  for (Value& item : v.items()) drop_nulls(item);
}

/// Removes what carries a directive; false where that is the value itself.
bool drop_directives(Value& v) {
  if (v.find(kDirective)) return false;
  std::erase_if(v.members(), [](Value::Member& m) { return !drop_directives(m.second); });
  std::erase_if(v.items(), [](Value& item) { return !drop_directives(item); });
  return true;
}

/// All elements of the lists have one type, which is returned, and which is no list.
Result<std::string_view> element_kind(const Items& a, const Items& b) {
  std::string_view kind;
  for (const Items* list : {&a, &b}) {
    for (const Value& v : *list) {
      const std::string_view is = go_kind(v);
      if (kind.empty() && v.is_array()) {
        return Error(Code::Invalid, "the server rejected our request due to an error in our request",
                     {.shown = true});
      }
      if (!kind.empty() && is != kind) {
        Value left = Value::array(), right = Value::array(), both = Value::array();
        left.items() = a;
        right.items() = b;
        both.items() = {std::move(left), std::move(right)};
        return plain("list element types are not identical: " + go_print(both));
      }
      kind = is;
    }
  }
  if (kind.empty()) return plain("no elements in any of the given slices");
  return kind;
}

/// Every item is a map with the merge key.
Result<void> check_keys(const Items& list, std::string_view merge_key) {
  for (const Value& v : list) {
    if (!v.is_object()) return bad_type("map[string]interface {}", v);
    if (!v.find(merge_key)) return no_merge_key(v, merge_key);
  }
  return {};
}

/// Puts `merged` in the order wanted: items that `wanted` names stand in its order, the others in the
/// server's; where both are known to the server its order decides between them, and what is new comes first.
Result<Items> in_order(Items merged, const Items& wanted, const Items& server, std::string_view merge_key) {
  if (!merge_key.empty()) {
    for (size_t i = 0; i < wanted.size() && !merged.empty(); ++i)
      if (!wanted[i].is_object()) return plain(fmt::format("value for key {} is not a map", i));
    MZ_TRY(check_keys(merged, merge_key));
    MZ_TRY(check_keys(wanted, merge_key));
    MZ_TRY(check_keys(server, merge_key));
  }
  const Index wanted_at = index_of(wanted, merge_key), server_at = index_of(server, merge_key);
  struct Placed {
    size_t place;
    std::string id;
    Value value;
  };
  std::vector<Placed> named, others;
  for (Value& v : merged) {
    std::string id = *identity(v, merge_key);
    const auto it = wanted_at.find(id);
    if (it != wanted_at.end()) {
      named.push_back({it->second, std::move(id), std::move(v)});
    } else {
      const auto at = server_at.find(id);
      others.push_back({at == server_at.end() ? SIZE_MAX : at->second, std::move(id), std::move(v)});
    }
  }
  const auto earlier = [](const Placed& a, const Placed& b) { return a.place < b.place; };
  std::stable_sort(named.begin(), named.end(), earlier);
  std::stable_sort(others.begin(), others.end(), earlier);
  Items out;
  size_t i = 0, j = 0;
  while (i < named.size() || j < others.size()) {
    bool other = i >= named.size();
    if (!other && j < others.size()) {
      const auto at = server_at.find(named[i].id);
      other = at != server_at.end() && others[j].place != SIZE_MAX && others[j].place < at->second;
    }
    out.push_back(std::move(other ? others[j++].value : named[i++].value));
  }
  return out;
}

/// Carries out `$patch` of items; `patch` keeps those without. True where the list is replaced.
Result<bool> take_directives(Items& original, Items& patch, std::string_view merge_key) {
  bool replace = false;
  std::set<std::string> gone;
  Items kept;
  for (Value& item : patch) {
    const Value* directive = item.find(kDirective);
    if (!directive) {
      kept.push_back(std::move(item));
    } else if (directive->is_string() && directive->text() == "delete") {
      const auto id = identity(item, merge_key);
      if (!id) return no_merge_key(item, merge_key);
      gone.insert(*id);
    } else if (directive->is_string() && directive->text() == "replace") {
      replace = true;
    } else if (directive->is_string() && directive->text() == "merge") {
      return plain("merging lists cannot yet be specified in the patch");
    } else {
      return unknown_directive(*directive, item);
    }
  }
  patch = std::move(kept);
  if (!gone.empty())
    std::erase_if(original, [&](const Value& v) {
      const auto id = identity(v, merge_key);
      return id && gone.contains(*id);
    });
  return replace;
}

Result<Items> merge_objects(Items original, Items patch, const Field& f) {
  const std::string_view key = f.merge_key;
  if (key.empty())
    return plain(
        fmt::format("cannot merge lists without merge key for {}", f.message ? f.message->name : ""));
  MZ_ASSIGN(const bool replace, take_directives(original, patch, key));
  if (replace) {
    original = std::move(patch);
    patch.clear();
  }
  const Items server = original;
  Index at = index_of(original, key);
  Items merged = std::move(original);
  for (const Value& item : patch) {
    const auto id = identity(item, key);
    if (!id) return no_merge_key(item, key);
    const auto it = at.find(*id);
    if (it == at.end()) {
      at.emplace(*id, merged.size());
      merged.push_back(item);
    } else {
      MZ_TRY(merge_map(merged[it->second], item, {f.message, nullptr}));
    }
  }
  return in_order(std::move(merged), patch, server, key);
}

Result<Items> merge_scalars(Items original, const Items& patch, bool removing) {
  std::set<std::string> seen;
  if (removing) {
    for (const Value& v : patch) seen.insert(identity(v));
    std::erase_if(original, [&](const Value& v) { return seen.contains(identity(v)); });
    return original;
  }
  Items both;
  for (const Items* list : {static_cast<const Items*>(&original), &patch})
    for (const Value& v : *list)
      if (seen.insert(identity(v)).second) both.push_back(v);
  return in_order(std::move(both), patch, original, "");
}

/// A list of the patch into one of the document. `removing`: the patch names what is to go.
Result<void> merge_list(Value& original, Value patch, const Field* f, bool removing) {
  if (!removing && !(f && f->has(codec::kPatchMerge))) {
    original = std::move(patch);
    return {};
  }
  if (original.items().empty() && patch.items().empty()) return {};
  MZ_ASSIGN(const std::string_view kind, element_kind(original.items(), patch.items()));
  if (kind == "map" && f) {
    MZ_ASSIGN(original.items(), merge_objects(std::move(original.items()), std::move(patch.items()), *f));
  } else {
    MZ_ASSIGN(original.items(), merge_scalars(std::move(original.items()), patch.items(), removing));
  }
  return {};
}

/// Items of the patch come in the order that $setElementOrder gives, none of them missing there.
Result<void> check_order(const Items& patch, const Items& wanted, std::string_view merge_key) {
  if (patch.empty() || wanted.empty()) return {};
  size_t at = 0;
  for (const Value& item : patch) {
    if (item.find(kDirective)) continue;
    for (;; ++at) {
      if (at >= wanted.size()) {
        Value a = Value::array(), b = Value::array();
        a.items() = patch;
        b.items() = wanted;
        return plain(fmt::format("The order in patch list:\n{}\n doesn't match {} list:\n{}\n", go_print(a),
                                 kSetOrder, go_print(b)));
      }
      if (!merge_key.empty()) {
        for (const Value* v : {&item, &wanted[at]}) {
          if (!v->is_object()) return bad_type("map[string]interface {}", *v);
          if (!v->find(merge_key)) return no_merge_key(*v, merge_key);
        }
      }
      if (identity(item, merge_key) == identity(wanted[at], merge_key)) break;
    }
    ++at;
  }
  return {};
}

/// One $setElementOrder: merges the patch's list of that name, where it has one, and orders the result.
Result<void> set_order(Value& original, Value& patch, const std::string& name, const Value& wanted,
                       const Schema& schema) {
  if (!wanted.is_array()) return bad_type("[]interface {}", wanted);
  Value* list = original.find(name);
  Value* changes = patch.find(name);
  for (const Value* v : {static_cast<const Value*>(list), static_cast<const Value*>(changes)})
    if (v && !v->is_array()) return bad_type("[]interface {}", *v);
  const Field* f = field_of(schema, name);
  if (!f) return unknown_field(schema, name);
  if (f->shape != Shape::List) return plain("expected slice or array type, but got: struct");
  MZ_TRY(check_order(changes ? changes->items() : Items(), wanted.items(), f->merge_key));
  if (!list && !changes) return {};
  const Items server = list ? list->items() : Items();
  MZ_TRY(element_kind(server, changes ? changes->items() : Items()));
  Value merged = list ? *list : *changes;
  if (list && changes) {
    MZ_TRY(merge_list(merged, std::move(*changes), f, false));
  } else if (changes) {
    drop_directives(merged);
  }
  MZ_ASSIGN(merged.items(), in_order(std::move(merged.items()), wanted.items(), server, f->merge_key));
  original[name] = std::move(merged);
  patch.erase(name);
  return {};
}

/// Keys that $retainKeys does not name go; the patch may set none of those.
Result<void> retain_keys(Value& original, Value& patch) {
  const Value* retain = patch.find(kRetainKeys);
  if (!retain) return {};
  if (!retain->is_array()) return bad_format("retainKeys");
  std::set<std::string, std::less<>> kept;
  for (const Value& v : retain->items())
    if (v.is_string()) kept.insert(v.text());
  patch.erase(kRetainKeys);
  for (const auto& [key, value] : patch.members()) {
    if (value.is_null() || key.starts_with(kDeleteFromList) || key.starts_with(kSetOrder)) continue;
    if (!kept.contains(key)) return bad_format("retainKeys");
  }
  std::erase_if(original.members(), [&](const Value::Member& m) { return !kept.contains(m.first); });
  return {};
}

/// A member of the patch that the document has not, or has as another type, is taken as it is.
void take_value(Value& original, const std::string& key, Value value) {
  drop_nulls(value);
  if (drop_directives(value)) {
    original[key] = std::move(value);
  } else {
    original.erase(key);
  }
}

Result<void> merge_member(Value& original, const std::string& key, Value value, const Schema& schema,
                          bool removing) {
  if (value.is_null()) {
    original.erase(key);
    return {};
  }
  Value* there = original.find(key);
  const bool alike = there && go_kind(*there) == go_kind(value);
  if (!alike || (!value.is_object() && !value.is_array())) {
    if (!removing) take_value(original, key, std::move(value));
    return {};
  }
  const Field* f = field_of(schema, key);
  if (!f && !schema.map && schema.message) return unknown_field(schema, key);
  if (value.is_array()) return merge_list(*there, std::move(value), f, removing);
  if (f && f->has(codec::kPatchReplace)) {
    *there = std::move(value);
    return {};
  }
  return merge_map(*there, std::move(value), below(schema, key));
}

/// `$deleteFromPrimitiveList/finalizers` is finalizers; nothing where the slash is missing.
std::optional<std::string> name_after(const std::string& key, std::string_view prefix) {
  if (key.size() <= prefix.size() || key[prefix.size()] != '/') return std::nullopt;
  return key.substr(prefix.size() + 1);
}

Result<void> merge_map(Value& original, Value patch, const Schema& schema) {
  if (const Value* directive = patch.find(kDirective)) {
    const std::string_view what = directive->is_string() ? std::string_view(directive->text()) : "";
    if (what != "replace" && what != "delete") return unknown_directive(*directive, patch);
    const bool replace = what == "replace";
    patch.erase(kDirective);
    original = replace ? std::move(patch) : Value::object();
    return {};
  }
  MZ_TRY(retain_keys(original, patch));
  std::vector<Value::Member> orders;
  for (const Value::Member& m : patch.members())
    if (m.first.starts_with(kSetOrder)) orders.push_back(m);
  std::erase_if(patch.members(), [](const Value::Member& m) { return m.first.starts_with(kSetOrder); });
  for (const auto& [key, wanted] : orders) {
    const auto name = name_after(key, kSetOrder);
    if (!name) return bad_format("setElementOrder list");
    MZ_TRY(set_order(original, patch, *name, wanted, schema));
  }
  for (auto& [key, value] : patch.members()) {
    const bool removing = key.starts_with(kDeleteFromList);
    const auto name = removing ? name_after(key, kDeleteFromList) : key;
    if (!name) return bad_format("primitive list");
    MZ_TRY(merge_member(original, *name, std::move(value), schema, removing));
  }
  return {};
}

}  // namespace

Result<void> apply_strategic_patch(Value& document, const Value& patch, const Message& m) {
  return merge_map(document, patch, {&m, nullptr});
}

}  // namespace mizzen::machinery
