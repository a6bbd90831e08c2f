#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/tree.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api::v1beta1 {

using codec::Value;
using machinery::Path;

class Turn;
struct Rule;
/// What a kind, or a part of it, looks like in v1beta1, and where v1 has it. A function, because kinds
/// contain each other and nothing is made before main.
using Shape = const std::vector<Rule>& (*)();

/// One word of a list of them: as v1beta1 spells it, as v1 does.
struct Word {
  const char* old;
  const char* now;
};
using Words = const std::vector<Word>& (*)();

/// Role: one field of v1beta1, and what becomes of it; read in both directions, so that what goes in one way
/// comes back the other.
struct Rule {
  enum class Kind {
    Same,     ///< the value as it is
    Word,     ///< a word of `words`; others stay as they are, for the validation to judge
    Number,   ///< a number here, its digits as a string in v1
    Inside,   ///< an object of `shape`, at `now`
    Each,     ///< a list of objects of `shape`, at `now`
    Flat,     ///< an object of `shape` here, whose fields stand in v1 where this one stands
    Refused,  ///< v1 cannot say it: an error where it says something
    Passed,   ///< says nothing, or nothing that is not said elsewhere too
    Own,      ///< functions of its own
  };
  Kind kind;
  const char* old;
  const char* now = "";  ///< names with dots between
  Shape shape = nullptr;
  Words words = nullptr;
  /// Own: `from` is the value of `old`, `now` the object that its object becomes. Called where there is one.
  void (*in)(Turn& turn, const Value& from, Value& now, const Path& at) = nullptr;
  /// Own: what `now` says goes into `old`, the object that has the field. Null: nothing.
  void (*out)(Turn& turn, const Value& now, Value& old) = nullptr;
};

/// Role: one conversion under way, with what is wrong so far. Threading: of one thread.
class Turn {
 public:
  void in(Shape shape, const Value& old, Value& now, const Path& at);
  void out(Shape shape, const Value& now, Value& old);
  machinery::FieldErrors errors;
  std::vector<std::string> unknown;  ///< paths of fields that v1beta1 never had, at most kUnknownMax

  static constexpr size_t kUnknownMax = 100;

 private:
  void in(const Rule& rule, const Value& from, Value& now, const Path& at);
  void out(const Rule& rule, const Value& now, Value& old);
};

/// The value at a path of names with dots between; null pointer where there is none. Null is none.
const Value* find_at(const Value& root, std::string_view path);
/// The same, made where it is missing; what is no object on the way becomes one.
Value& make_at(Value& root, std::string_view path);
/// null, "", 0, false, {} and []: what Go leaves out.
bool says_nothing(const Value& value);
/// `old` of a word; the text itself where it is none.
std::string to_word(Words words, const std::string& text);
std::string from_word(Words words, const std::string& text);

}  // namespace mizzen::api::v1beta1
