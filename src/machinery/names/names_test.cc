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

TEST(Names, LabelsAreMeasuredInBytesAndNamesInCharacters) {
  const std::string long_part(64, 'a'), long_prefix(254, 'a');
  EXPECT_EQ(is_qualified_name(long_part), Messages{"name part must be no more than 63 bytes"});
  EXPECT_EQ(is_qualified_name(long_prefix + "/x"), Messages{"prefix part must be no more than 253 bytes"});
  EXPECT_EQ(is_valid_label_value(long_part), Messages{"must be no more than 63 bytes"});
  EXPECT_EQ(is_dns1123_subdomain(long_prefix), Messages{"must be no more than 253 characters"});
  ASSERT_EQ(is_qualified_name("a/b/c").size(), 1u);
  EXPECT_EQ(is_qualified_name("a/b/c")[0].find("a valid label key must consist of"), 0u);
}

TEST(Names, AFinalizerWithoutADomainIsAStandardOne) {
  const Messages strange{"name is neither a standard finalizer name nor is it fully qualified"};
  for (const char* name : {"kubernetes", "orphan", "foregroundDeletion", "ok.io/x", "x/y z"})
    EXPECT_TRUE(is_finalizer(name).empty()) << name;
  for (const char* name : {"", "5", "a b"}) EXPECT_EQ(is_finalizer(name), strange) << name;
}

}  // namespace
}  // namespace mizzen::machinery
