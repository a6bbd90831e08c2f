#include "machinery/selectors/selectors.h"

#include <gtest/gtest.h>

#include "machinery/object/object.h"

namespace mizzen::machinery {
namespace {

TEST(LabelSelector, MatchesEveryFormOfRequirement) {
  const Labels labels{{"env", "dev"}, {"tier", "3"}};
  const std::pair<const char*, bool> rows[] = {{"", true},
                                               {"env", true},
                                               {"!env", false},
                                               {"env=dev", true},
                                               {"env==dev", true},
                                               {"env!=dev", false},
                                               {"x!=y", true},
                                               {"env in (dev, testing)", true},
                                               {"env notin (production)", true},
                                               {"env notin (dev)", false},
                                               {"tier>2", true},
                                               {"tier<3", false},
                                               {"env=dev,tier=3", true},
                                               {" env = dev , tier in (4) ", false},
                                               {"x notin (a)", true},
                                               {"x in (a)", false}};
  for (const auto& [text, expected] : rows) {
    const auto s = LabelSelector::parse(text);
    ASSERT_TRUE(s.ok()) << text << ": " << s.error().message();
    EXPECT_EQ(s->matches(labels), expected) << text;
    EXPECT_EQ(LabelSelector::parse(s->str())->matches(labels), expected) << s->str();
  }
  for (const char* bad :
       {"=", "a in", "a in (", "a in (b", "a,,b", "a=b=c", "a>x", "a b", "-a", "a=!", "(a)"})
    EXPECT_FALSE(LabelSelector::parse(bad).ok()) << bad;
}

TEST(LabelSelector, SaysWhatItDoesNotUnderstandInUpstreamsWords) {
  const std::string one = "unable to parse requirement: ";
  const std::pair<const char*, std::string> rows[] = {
      {"a in (", one + "found '', expected: ',', ')' or identifier"},
      {"a in (b", one + "found '', expected: ',' or ')'"},
      {"a in (b,", one + "found '', expected: ',', or identifier"},
      {"a in b", one + "found 'b' expected: '('"},
      {"!", one + "found '', expected: identifier"},
      {"!=b", "found '!=', expected: !, identifier, or 'end of string'"},
      {",a", "found ',', expected: !, identifier, or 'end of string'"},
      {"a,", "found '', expected: identifier after ','"},
      {"a,,b", "found ',', expected: identifier after ','"},
      {"a===b", one + "found '=', expected: identifier"},
      {"a=(b)", one + "found '(', expected: identifier"},
      {"a=b=c", "found '=', expected: ',' or 'end of string'"},
      {"a b", one + "found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"/a", one + "<nil>: Invalid value: \"/a\": prefix part must be non-empty"},
  };
  for (const auto& [text, message] : rows) {
    const auto s = LabelSelector::parse(text);
    ASSERT_FALSE(s.ok()) << text;
    EXPECT_EQ(s.error().message(), message) << text;
  }
}

TEST(FieldSelector, SplitsAndUnescapes) {
  const auto s = FieldSelector::parse("metadata.name=a\\,b,spec.nodeName!=x,y==z");
  ASSERT_TRUE(s.ok());
  ASSERT_EQ(s->terms().size(), 3u);
  EXPECT_EQ(*s->exact("metadata.name"), "a,b");
  EXPECT_FALSE(s->terms()[1].equals);
  EXPECT_EQ(s->exact("spec.nodeName"), nullptr);
  EXPECT_FALSE(FieldSelector::parse("foo").ok());
}

}  // namespace
}  // namespace mizzen::machinery
