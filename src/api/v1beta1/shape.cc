#include "api/v1beta1/shape.h"

#include <algorithm>

namespace mizzen::api::v1beta1 {
namespace {

constexpr const char* kCannotSay = "v1 has nothing that says this";

bool is_digits(const std::string& text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const Value* find_at(const Value& root, std::string_view path) {
  const Value* at = &root;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    if (!at->is_object()) return nullptr;
    at = at->find(path.substr(0, dot));
    if (!at || at->is_null()) return nullptr;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return at->is_null() ? nullptr : at;
}

Value& make_at(Value& root, std::string_view path) {
  Value* at = &root;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    if (!at->is_object()) *at = Value::object();
    at = &(*at)[path.substr(0, dot)];
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return *at;
}

bool says_nothing(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::Null:
      return true;
    case Value::Kind::Bool:
      return !value.as_bool();
    case Value::Kind::Number:
      return value.text() == "0";
    case Value::Kind::String:
      return value.text().empty();
    case Value::Kind::Array:
      return value.items().empty();
    case Value::Kind::Object:
      return value.members().empty();
  }
  return false;
}

std::string to_word(Words words, const std::string& text) {
  for (const Word& word : words())
    if (text == word.old) return word.now;
  return text;
}

std::string from_word(Words words, const std::string& text) {
  for (const Word& word : words())
    if (text == word.now) return word.old;
  return text;
}

void Turn::in(Shape shape, const Value& old, Value& now, const Path& at) {
  if (!old.is_object()) return errors.invalid_raw(at, old.str().substr(0, 100), "must be an object");
  const auto child = [&at](std::string_view name) { return at.str().empty() ? Path(name) : at.child(name); };
  for (const Rule& rule : shape()) {
    const Value* from = old.find(rule.old);
    if (from && !from->is_null()) in(rule, *from, now, child(rule.old));
  }
  for (const auto& [name, value] : old.members()) {
    const bool known = std::any_of(shape().begin(), shape().end(),
                                   [&name = name](const Rule& rule) { return name == rule.old; });
    if (!known && unknown.size() < kUnknownMax) unknown.push_back(child(name).str());
  }
}

void Turn::in(const Rule& rule, const Value& from, Value& now, const Path& at) {
  switch (rule.kind) {
    case Rule::Kind::Same:
      make_at(now, rule.now) = from;
      return;
    case Rule::Kind::Word:
      if (!from.is_string()) return errors.invalid_raw(at, from.str().substr(0, 100), "must be a string");
      if (!from.text().empty()) make_at(now, rule.now) = Value::string(to_word(rule.words, from.text()));
      return;
    case Rule::Kind::Number:
      if (says_nothing(from)) return;
      if (!(from.is_number() || from.is_string()) || !is_digits(from.text()))
        return errors.invalid_raw(at, from.str().substr(0, 100), "must be a number");
      make_at(now, rule.now) = Value::string(from.text());
      return;
    case Rule::Kind::Inside:
      if (!from.is_object()) return errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
      if (Value& to = make_at(now, rule.now); !to.is_object()) to = Value::object();
      return in(rule.shape, from, make_at(now, rule.now), at);
    case Rule::Kind::Each: {
      if (!from.is_array()) return errors.invalid_raw(at, from.str().substr(0, 100), "must be a list");
      Value list = Value::array();
      for (size_t i = 0; i < from.items().size(); ++i) {
        Value item = Value::object();
        in(rule.shape, from.items()[i], item, at.index(i));
        list.items().push_back(std::move(item));
      }
      make_at(now, rule.now) = std::move(list);
      return;
    }
    case Rule::Kind::Flat:
      return in(rule.shape, from, now, at);
    case Rule::Kind::Refused:
      if (!says_nothing(from)) errors.forbidden(at, kCannotSay);
      return;
    case Rule::Kind::Passed:
      return;
    case Rule::Kind::Own:
      if (rule.in) rule.in(*this, from, now, at);
      return;
  }
}

void Turn::out(Shape shape, const Value& now, Value& old) {
  for (const Rule& rule : shape()) out(rule, now, old);
}

void Turn::out(const Rule& rule, const Value& now, Value& old) {
  if (rule.kind == Rule::Kind::Own) {
    if (rule.out) rule.out(*this, now, old);
    return;
  }
  if (rule.kind == Rule::Kind::Flat) {
    Value part = Value::object();
    out(rule.shape, now, part);
    if (!says_nothing(part)) old[rule.old] = std::move(part);
    return;
  }
  if (rule.kind == Rule::Kind::Refused || rule.kind == Rule::Kind::Passed) return;
  const Value* from = find_at(now, rule.now);
  if (!from) return;
  switch (rule.kind) {
    case Rule::Kind::Same:
      old[rule.old] = *from;
      return;
    case Rule::Kind::Word:
      old[rule.old] = Value::string(from_word(rule.words, from->text()));
      return;
    case Rule::Kind::Number:
      if (is_digits(from->text())) old[rule.old] = Value::number(from->text());
      return;
    case Rule::Kind::Inside: {
      Value part = Value::object();
      out(rule.shape, *from, part);
      old[rule.old] = std::move(part);
      return;
    }
    case Rule::Kind::Each: {
      Value list = Value::array();
      for (const Value& item : from->items()) {
        Value part = Value::object();
        out(rule.shape, item, part);
        list.items().push_back(std::move(part));
      }
      old[rule.old] = std::move(list);
      return;
    }
    case Rule::Kind::Flat:
    case Rule::Kind::Refused:
    case Rule::Kind::Passed:
    case Rule::Kind::Own:
      return;
  }
}

}  // namespace mizzen::api::v1beta1
