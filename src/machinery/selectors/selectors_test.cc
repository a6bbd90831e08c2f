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
