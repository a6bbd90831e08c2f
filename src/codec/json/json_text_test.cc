#include "codec/json/json_text.h"

#include <gtest/gtest.h>

namespace mizzen::codec {
namespace {

std::string json_of(std::string_view text) {
  std::string plain, fast;
  append_json_string(plain, text);
  {
    TextOut out(fast);
    append_json_string(out, text);
  }
  EXPECT_EQ(plain, fast) << text;
  return plain;
}

// Wherever it stands in a text of any length, what needs more than being copied is found: blocks are looked
// at whole, the last of them together with bytes that were seen.
TEST(JsonText, EveryPlaceOfASpecialCharacter) {
  const std::pair<std::string, std::string> kinds[] = {{"\"", "\\\""},
                                                       {"\\", "\\\\"},
                                                       {"<", "\\u003c"},
                                                       {">", "\\u003e"},
                                                       {"&", "\\u0026"},
                                                       {"\n", "\\n"},
                                                       {std::string(1, '\0'), "\\u0000"},
                                                       {"\x1f", "\\u001f"},
                                                       {"\x80", "\\ufffd"},
                                                       {"\xff", "\\ufffd"},
                                                       {"\xe2\x80\xa8", "\\u2028"},
                                                       {"\xe2\x80\xa9", "\\u2029"},
                                                       {"\xe2\x80\xaa", "\xe2\x80\xaa"},
                                                       {"\x7f", "\x7f"},
                                                       {" ", " "},
                                                       {"=", "="},
                                                       {"?", "?"},
                                                       {"\xc3\xa9", "\xc3\xa9"}};
  for (const auto& [raw, escaped] : kinds) {
    for (size_t length = 0; length < 70; ++length) {
      for (size_t at = 0; at <= length; ++at) {
        const std::string before(at, 'a'), after(length - at, 'z');
        ASSERT_EQ(json_of(before + raw + after), '"' + before + escaped + after + '"') << length << ' ' << at;
      }
    }
  }
}

TEST(JsonText, Numbers) {
  std::string out;
  append_json_int(out, INT64_MIN);
  out += ' ';
  append_json_double(out, 1e21);
  out += ' ';
  append_json_double(out, 1e-7);
  out += ' ';
  append_json_double(out, 0.1);
  EXPECT_EQ(out, "-9223372036854775808 1e+21 1e-7 0.1");
}

}  // namespace
}  // namespace mizzen::codec
