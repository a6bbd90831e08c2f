#include "machinery/patch/patch_create.h"

#include <map>
#include <string>

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;
using codec::Value;

const Message* message_of(const Field* f) { return f && f->type == Type::Message ? f->message : nullptr; }

/// The list merges by a key, and every item has it.
bool is_keyed(const Field* f, const Value& before, const Value& after) {
  if (!f || f->shape != Shape::List || !f->has(codec::kPatchMerge) || f->merge_key.empty()) return false;
  for (const Value* list : {&before, &after}) {
    if (!list->is_array()) return false;
    for (const Value& item : list->items())
      if (!item.is_object() || !item.find(f->merge_key)) return false;
  }
  return true;
}

Value keyed(const Field& f, const Value& item) {
  Value out = Value::object();
  out[f.merge_key] = *item.find(f.merge_key);
  return out;
}

/// What differs between two lists whose items are found by their key.
void add_list(Value& patch, const std::string& name, const Field& f, const Value& before,
              const Value& after) {
  std::map<std::string, const Value*> old;
  for (const Value& item : before.items()) old.emplace(item.find(f.merge_key)->str(), &item);
  Value changes = Value::array(), order = Value::array();
  bool reordered = before.items().size() != after.items().size();
  for (size_t i = 0; i < after.items().size(); ++i) {
    const Value& item = after.items()[i];
    const std::string key = item.find(f.merge_key)->str();
    order.items().push_back(keyed(f, item));
    reordered = reordered || before.items()[i].find(f.merge_key)->str() != key;
    const auto found = old.find(key);
    if (found == old.end()) {
      changes.items().push_back(item);
      continue;
    }
    Value change = f.message ? create_strategic_patch(*found->second, item, *f.message) : item;
    if (!change.members().empty()) {
      change[f.merge_key] = *item.find(f.merge_key);
      changes.items().push_back(std::move(change));
    }
    old.erase(found);
  }
  for (const auto& [key, item] : old) {
    Value gone = keyed(f, *item);
    gone["$patch"] = Value::string("delete");
    changes.items().push_back(std::move(gone));
  }
  if (!changes.items().empty()) patch[name] = std::move(changes);
  if (reordered) patch["$setElementOrder/" + name] = std::move(order);
}

bool is_set(const Field* f, const Value& before, const Value& after) {
  return f && f->shape == Shape::List && f->has(codec::kPatchMerge) && f->merge_key.empty() &&
         before.is_array() && after.is_array();
}

/// The same for lists whose items are found by themselves: finalizers.
void add_set(Value& patch, const std::string& name, const Value& before, const Value& after) {
  std::map<std::string, const Value*> old;
  for (const Value& item : before.items()) old.emplace(item.str(), &item);
  Value added = Value::array(), gone = Value::array();
  for (const Value& item : after.items())
    if (old.erase(item.str()) == 0) added.items().push_back(item);
  for (const auto& [key, item] : old) gone.items().push_back(*item);
  if (!added.items().empty()) patch[name] = std::move(added);
  if (!gone.items().empty()) patch["$deleteFromPrimitiveList/" + name] = std::move(gone);
  patch["$setElementOrder/" + name] = after;
}

}  // namespace

Value create_strategic_patch(const Value& before, const Value& after, const Message& m) {
  Value patch = Value::object();
  for (const auto& [name, now] : after.members()) {
    const Value* then = before.find(name);
    if (then && *then == now) continue;
    const Field* f = m.form == codec::JsonForm::Object ? m.find_json(name) : nullptr;
    if (then && then->is_object() && now.is_object() && f && f->shape != Shape::Map && message_of(f) &&
        message_of(f)->form == codec::JsonForm::Object) {
      patch[name] = create_strategic_patch(*then, now, *message_of(f));
    } else if (then && is_keyed(f, *then, now)) {
      add_list(patch, name, *f, *then, now);
    } else if (then && is_set(f, *then, now)) {
      add_set(patch, name, *then, now);
    } else if (then && f && f->shape == Shape::Map && then->is_object() && now.is_object()) {
      Value changes = Value::object();
      for (const auto& [key, value] : now.members())
        if (const Value* old = then->find(key); !old || *old != value) changes[key] = value;
      for (const auto& [key, value] : then->members())
        if (!now.find(key)) changes[key] = Value();
      patch[name] = std::move(changes);
    } else if (then && now.is_object()) {
      // What the schema does not look into is replaced, not merged.
      patch[name] = now;
      patch[name]["$patch"] = Value::string("replace");
    } else {
      patch[name] = now;
    }
  }
  for (const auto& [name, then] : before.members())
    if (!after.find(name)) patch[name] = Value();
  return patch;
}

}  // namespace mizzen::machinery
