#include "api/kinds/resource/device_checks.h"

#include <gtest/gtest.h>

namespace mizzen::api {
namespace {

template <typename F>
std::string wrong(F check, const std::string& text) {
  machinery::FieldErrors errors;
  check(text, machinery::Path("x"), errors);
  return errors.text();
}

TEST(DeviceChecks, UidsAreLowerCaseWithDashes) {
  const std::string normal =
      "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase "
      "hexadecimal characters";
  const std::string uid = "0123abcd-4567-89ab-cdef-0123456789ab", bare = "0123abcd456789abcdef0123456789ab";
  EXPECT_EQ(wrong(check_uid, uid), "");
  EXPECT_EQ(wrong(check_uid, bare), "x: Invalid value: \"" + bare + "\": " + normal);
  EXPECT_EQ(wrong(check_uid, "{" + uid + "}"), "x: Invalid value: \"{" + uid + "}\": " + normal);
  EXPECT_EQ(wrong(check_uid, "urn:uuid:" + uid), "x: Invalid value: \"urn:uuid:" + uid + "\": " + normal);
  EXPECT_EQ(
      wrong(check_uid, "url:uuid:" + uid),
      "x: Invalid value: \"url:uuid:" + uid + "\": error validating uid: invalid urn prefix: \"url:uuid:\"");
  EXPECT_EQ(wrong(check_uid, "(" + uid + ")"),
            "x: Invalid value: \"(" + uid + ")\": error validating uid: invalid bracketed UUID format");
  EXPECT_EQ(wrong(check_uid, "x123abcd-4567-89ab-cdef-0123456789ab"),
            "x: Invalid value: \"x123abcd-4567-89ab-cdef-0123456789ab\": error validating uid: invalid UUID "
            "format");
  EXPECT_EQ(wrong(check_uid, "0123abcd4-567-89ab-cdef-0123456789ab"),
            "x: Invalid value: \"0123abcd4-567-89ab-cdef-0123456789ab\": error validating uid: invalid UUID "
            "format");
}

TEST(DeviceChecks, AttributesHaveADomainOrNot) {
  EXPECT_EQ(wrong(check_attribute_name, "memory"), "");
  EXPECT_EQ(wrong(check_attribute_name, "example.com/memory"), "");
  EXPECT_EQ(wrong(check_attribute_name, "a/b/c"), "");  // as upstream, for what stands there already
  EXPECT_EQ(
      wrong(check_attribute_name, "/"),
      R"([x: Invalid value: "": the domain must not be empty, x: Invalid value: "": the name must not be empty])");
}

TEST(DeviceChecks, OnlyWhatIsNewIsHeldToTheSize) {
  const codec::RawJson large{R"({"a":")" + std::string(kRawObjectBytesMax, 'x') + R"("})"};
  machinery::FieldErrors now, before, broken;
  check_raw_object(large, machinery::Path("x"), false, now);
  check_raw_object(large, machinery::Path("x"), true, before);
  check_raw_object(codec::RawJson{"{"}, machinery::Path("x"), false, broken);
  EXPECT_EQ(now.text(), "x: Too long: may not be more than 10240 bytes");
  EXPECT_EQ(before.text(), "");
  EXPECT_EQ(
      broken.text(),
      R"(x: Invalid value: "<value omitted>": error parsing data as JSON: unexpected end of JSON input)");
}

}  // namespace
}  // namespace mizzen::api
