#include "codec/json/tree.h"

#include <charconv>

#include "codec/json/json_text.h"

namespace mizzen::codec {

Value Value::boolean(bool b) {
  Value v(Kind::Bool);
  v.text_ = b ? "true" : "false";
  return v;
}
Value Value::number(std::string text) {
  Value v(Kind::Number);
  v.text_ = std::move(text);
  return v;
}
Value Value::string(std::string text) {
  Value v(Kind::String);
  v.text_ = std::move(text);
  return v;
}

Result<Value> Value::parse(std::string_view text) {
  JsonReader reader(text);
  Value out;
  if (read(reader, out) && !reader.at_end()) reader.fail("invalid character after top-level value");
  if (!reader.ok()) return Error(Code::BadRequest, reader.error());
  return out;
}

bool Value::read(JsonReader& reader, Value& out) {  // depth is bounded by the reader
  switch (reader.peek()) {
    case JsonKind::Object: {
      out.kind_ = Kind::Object;
      if (!reader.enter_object()) return false;
      std::string key;
      while (reader.next_key(key)) {
        if (out.members_.size() >= kMembersMax) return reader.fail("too many members in one object");
        Value* slot = out.find(key);
        if (!slot) slot = &out.members_.emplace_back(std::move(key), Value()).second;
        *slot = Value();
        if (!read(reader, *slot)) return false;
      }
      return reader.ok();
    }
    case JsonKind::Array:
      out.kind_ = Kind::Array;
      if (!reader.enter_array()) return false;
      while (reader.next_element())
        if (!read(reader, out.items_.emplace_back())) return false;
      return reader.ok();
    case JsonKind::String:
      out.kind_ = Kind::String;
      return reader.read_string(out.text_);
    case JsonKind::Number: {
      out.kind_ = Kind::Number;
      std::string_view number;
      if (!reader.read_number(number)) return false;
      out.text_ = number;
      return true;
    }
    case JsonKind::Bool: {
      bool b = false;
      if (!reader.read_bool(b)) return false;
      out = boolean(b);
      return true;
    }
    case JsonKind::Null:
      return reader.read_null();
    default:
      return reader.skip();  // says what is wrong
  }
}

const Value* Value::find(std::string_view key) const {
  for (const Member& m : members_)
    if (m.first == key) return &m.second;
  return nullptr;
}
Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value& Value::operator[](std::string_view key) {
  if (kind_ == Kind::Null) kind_ = Kind::Object;
  if (Value* v = find(key)) return *v;
  return members_.emplace_back(std::string(key), Value()).second;
}

bool Value::erase(std::string_view key) {
  for (size_t i = 0; i < members_.size(); ++i)
    if (members_[i].first == key) {
      members_.erase(members_.begin() + static_cast<ptrdiff_t>(i));
      return true;
    }
  return false;
}

void Value::write(std::string& out) const {
  switch (kind_) {
    case Kind::Null:
      out += "null";
      break;
    case Kind::Bool:
    case Kind::Number:
      out += text_;
      break;
    case Kind::String:
      append_json_string(out, text_);
      break;
    case Kind::Array:
      out += '[';
      for (size_t i = 0; i < items_.size(); ++i) {
        if (i) out += ',';
        items_[i].write(out);
      }
      out += ']';
      break;
    case Kind::Object:
      out += '{';
      for (size_t i = 0; i < members_.size(); ++i) {
        if (i) out += ',';
        append_json_string(out, members_[i].first);
        out += ':';
        members_[i].second.write(out);
      }
      out += '}';
      break;
  }
}

std::string Value::str() const {
  std::string out;
  write(out);
  return out;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::Null:
      return true;
    case Value::Kind::Number: {
      if (a.text_ == b.text_) return true;
      double x = 0, y = 0;
      const auto parse = [](const std::string& s, double& d) {
        return std::from_chars(s.data(), s.data() + s.size(), d).ec == std::errc();
      };
      const bool integers = a.text_.find_first_of(".eE") == std::string::npos &&
                            b.text_.find_first_of(".eE") == std::string::npos;
      return !integers && parse(a.text_, x) && parse(b.text_, y) && x == y;
    }
    case Value::Kind::Bool:
    case Value::Kind::String:
      return a.text_ == b.text_;
    case Value::Kind::Array:
      return a.items_ == b.items_;
    case Value::Kind::Object:
      if (a.members_.size() != b.members_.size()) return false;
      for (const auto& [key, value] : a.members_) {
        const Value* other = b.find(key);
        if (!other || !(value == *other)) return false;
      }
      return true;
  }
  return false;
}

}  // namespace mizzen::codec
