#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/json/json_reader.h"
#include "codec/tables/decode_report.h"

namespace mizzen::codec {

/// What one text may become as a tree: a value takes some 120 bytes, whatever it stands for.
struct TreeLimits {
  size_t values_max = 500'000;
  int depth_max = 512;
};

/// A JSON document as a tree that can be changed: what patches, field paths and custom resources work on.
/// Numbers keep their text, so that nothing is lost. Members of an object stand in the order of their names,
/// as Go writes maps. Bounds: a text gives at most TreeLimits' values and depth, else it is refused (413 for
/// the number, BadRequest for the depth). Costs: reading is n log n, finding a member log n, adding or
/// removing one linear; whoever changes many uses members() and settle(). Threading: a plain value.
class Value {
 public:
  enum class Kind : uint8_t { Null, Bool, Number, String, Array, Object };
  using Member = std::pair<std::string, Value>;

  Value() = default;  ///< null
  static Value boolean(bool b);
  static Value number(std::string text);
  static Value integer(int64_t v) { return number(std::to_string(v)); }
  static Value string(std::string text);
  static Value array() { return Value(Kind::Array); }
  static Value object() { return Value(Kind::Object); }
  /// BadRequest with Go's text where `text` is not one JSON value. Of duplicate keys the last one wins;
  /// `report`, where given, gets them.
  static Result<Value> parse(std::string_view text, const TreeLimits& limits = {},
                             DecodeReport* report = nullptr);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::Null; }
  bool is_object() const { return kind_ == Kind::Object; }
  bool is_array() const { return kind_ == Kind::Array; }
  bool is_string() const { return kind_ == Kind::String; }
  bool is_number() const { return kind_ == Kind::Number; }
  bool is_bool() const { return kind_ == Kind::Bool; }
  bool as_bool() const { return text_ == "true"; }
  /// Of a string its content, of a number its digits, empty otherwise.
  const std::string& text() const { return text_; }

  std::vector<Value>& items() { return items_; }
  const std::vector<Value>& items() const { return items_; }
  /// Whoever appends out of order or twice calls settle() before anything else.
  std::vector<Member>& members() { return members_; }
  /// Sorts the members; of equal names the last stays. `twice` gets each name that came again, as they came.
  void settle(std::vector<std::string>* twice = nullptr);
  const std::vector<Member>& members() const { return members_; }
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// The member of this name, null where it was absent. Makes a null into an object.
  Value& operator[](std::string_view key);
  bool erase(std::string_view key);

  /// Appends compact JSON.
  void write(std::string& out) const;
  std::string str() const;
  /// Objects compare without regard to order, numbers by value where both are integers, else by text.
  friend bool operator==(const Value& a, const Value& b);

 private:
  class Parser;
  explicit Value(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::Null;
  std::string text_;
  std::vector<Value> items_;
  std::vector<Member> members_;
};

}  // namespace mizzen::codec
