#include "codec/json/tree.h"

#include <gtest/gtest.h>

#include "codec/tables/quantity.h"

namespace mizzen::codec {
namespace {

TEST(Value, UnescapesAndReplacesInvalidUnicode) {
  EXPECT_EQ(Value::parse("\"\\u00e9\\ud83d\\ude00\\ud800\"")->text(), "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd");
  EXPECT_EQ(Value::parse("\"a\x80z\"")->text(), "a\xef\xbf\xbdz");
  EXPECT_EQ(Value::string("<a>&\n\xe2\x80\xa8").str(), "\"\\u003ca\\u003e\\u0026\\n\\u2028\"");
}

}  // namespace
}  // namespace mizzen::codec
