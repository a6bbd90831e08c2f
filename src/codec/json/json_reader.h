#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mizzen::codec {

/// What stands next in a JSON text.
enum class JsonKind : uint8_t { Object, Array, String, Number, Bool, Null, End, Invalid };

/// Role: pulls JSON apart, one token at a time, without building a tree; every JSON byte that enters the
/// program goes through it. Threading: confined to its caller. The text must outlive the reader. Failure: the
/// first error sticks: every call after it says false and error() tells what and where; a reader that failed
/// never reads out of bounds. Bounds: depth_max nested containers; the caller bounds the text. Invalid UTF-8
/// becomes U+FFFD, as Go does.
class JsonReader {
 public:
  static constexpr int kDepthMax = 10'000;  ///< as Go's; callers that recurse keep a bound of their own
  /// Of JSON that is kept as text, so that whoever makes a tree of it later can.
  static constexpr int kTextDepthMax = 512;

  explicit JsonReader(std::string_view text, int depth_max = kDepthMax)
      : text_(text), depth_max_(depth_max) {}

  JsonKind peek();
  /// Enters an object or array; then next_key()/next_element() until they say false with ok().
  bool enter_object();
  bool next_key(std::string& key);
  /// As next_key, but the key is a view into the text where it has no escapes, else into `scratch`.
  bool next_key_view(std::string_view& key, std::string& scratch);
  bool enter_array();
  bool next_element();
  bool read_string(std::string& out);
  /// The text of a number, checked against the grammar.
  bool read_number(std::string_view& out);
  bool read_bool(bool& out);
  bool read_null();
  /// Skips one value whole, checking it. Does not recurse.
  bool skip(int depth_max = kDepthMax);
  /// Skips one value and appends it without insignificant white space.
  bool copy_compact(std::string& out);
  /// True where only white space is left.
  bool at_end();
  /// Fails where anything but white space is left.
  bool expect_end();

  bool ok() const { return error_.empty(); }
  /// Go's wording where clients may match on it.
  const std::string& error() const { return error_; }
  size_t offset() const { return at_; }
  /// Records a failure found by the caller at the present place.
  bool fail(std::string message);
  /// As Go tells of the container that stands here being one level too deep.
  bool too_deep();

 private:
  void space();
  bool expect(std::string_view literal);
  bool string_token(std::string* out, std::string_view* view);
  bool check_escape();
  bool unescape(std::string& out);
  bool unexpected(std::string_view where);

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  int depth_max_;
  bool first_ = false;  ///< no element of the innermost container was read yet
  std::string error_;
};

/// One value from `text`, with nothing but white space after it, as compact text.
Result<std::string> compact_json(std::string_view text);

}  // namespace mizzen::codec
