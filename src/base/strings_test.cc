#include "base/strings.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/result.h"

namespace mizzen {
TEST(Strings, Base64RoundTripsEveryLength) {
  SeededRandom random(7);
  for (size_t n = 0; n < 70; ++n) {
    std::string bytes(n, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
}
TEST(Strings, Base64RefusesMalformedText) {
  for (const char* bad : {"a", "a===", "ab=c", "a$==", "abc", "====="})
    EXPECT_FALSE(base64_decode(bad)) << bad;
  EXPECT_EQ(base64_decode("YW\nJj\n"), "abc");
}
TEST(Strings, Utf8RefusesOverlongSurrogatesAndTruncation) {
  EXPECT_TRUE(valid_utf8("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf5\x80\x80\x80", "\x80"})
    EXPECT_FALSE(valid_utf8(bad));
}
TEST(Strings, QuoteEscapesAsGoDoes) { EXPECT_EQ(quote("a\"b\n\x01"), "\"a\\\"b\\n\\x01\""); }
TEST(Strings, ParseIntTakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_int<int>("42"), 42);
  EXPECT_FALSE(parse_int<int>("42 "));
  EXPECT_FALSE(parse_int<int8_t>("300"));
  EXPECT_FALSE(parse_int<int>(""));
}
TEST(Random, UuidIsVersionFour) {
  const std::string id = uuid(secure_random());
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}
TEST(Error, ReasonAndStatusAgreeBothWays) {
  EXPECT_EQ(code_from("NotFound", 0), Code::NotFound);
  EXPECT_EQ(code_from("", 404), Code::NotFound);
  EXPECT_EQ(code_from("", 409), Code::Conflict);
  EXPECT_EQ(http_status(Code::Invalid), 422);
}
Result<int> half(int v) {
  if (v % 2) return Error(Code::Invalid, "odd");
  return v / 2;
}
Result<int> quarter(int v) {
  MZ_ASSIGN(const int h, half(v));
  return half(h);
}
TEST(Result, AssignPassesTheErrorUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
}
}  // namespace mizzen
