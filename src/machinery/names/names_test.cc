#include "machinery/names/names.h"

#include <gtest/gtest.h>

#include "machinery/selectors/selectors.h"

namespace mizzen::machinery {
namespace {

TEST(Names, KnowTheFormats) {
  EXPECT_TRUE(is_dns1123_label("my-name1").empty());
  EXPECT_EQ(is_dns1123_label("a.b"), Messages{"must not contain dots"});
  EXPECT_EQ(is_dns1123_label(std::string(64, 'a')), Messages{"must be no more than 63 characters"});
  EXPECT_TRUE(is_dns1123_subdomain("a.b-c.d").empty());
  EXPECT_FALSE(is_dns1123_subdomain("a..b").empty());
  EXPECT_FALSE(is_dns1035_label("1a").empty());
  EXPECT_TRUE(is_qualified_name("example.com/My_Name").empty());
  EXPECT_FALSE(is_qualified_name("/x").empty());
  EXPECT_FALSE(is_qualified_name("a/b/c").empty());
  EXPECT_TRUE(is_valid_label_value("").empty());
  EXPECT_FALSE(is_valid_label_value("-").empty());
  EXPECT_FALSE(is_config_map_key("..x").empty());
}

}  // namespace
}  // namespace mizzen::machinery
