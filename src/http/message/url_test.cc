#include "http/message/url.h"

#include <gtest/gtest.h>

namespace mizzen::http {
namespace {
using Parts = std::vector<std::string>;

TEST(Path, IsSplitAndDecodedStrictly) {
  EXPECT_EQ(*split_path("/"), Parts{});
  EXPECT_EQ(*split_path("/api/v1/pods"), (Parts{"api", "v1", "pods"}));
  EXPECT_EQ(*split_path("/api/"), (Parts{"api"}));
  EXPECT_EQ(*split_path("/a%20b/%7e"), (Parts{"a b", "~"}));
  for (const char* bad : {"", "api", "//", "/a//b", "/a/./b", "/a/../b", "/%2e%2e/b", "/a%2Fb", "/a%2",
                          "/a%zz", "/a%00b", "/%0a"})
    EXPECT_EQ(split_path(bad).error().code(), Code::BadRequest) << bad;
}
TEST(Query, ParsesRepeatsFlagsAndRefusesNonsense) {
  const Query q = *Query::parse("watch=1&labelSelector=a%3Db%2Cc&x=one+two&x=3&empty=&bare&no=FALSE&zero=0");
  EXPECT_EQ(q.get("labelSelector"), "a=b,c");
  EXPECT_EQ(q.all("x"), (std::vector<std::string_view>{"one two", "3"}));
  EXPECT_TRUE(q.flag("watch"));
  EXPECT_TRUE(q.flag("empty"));
  EXPECT_TRUE(q.flag("bare"));
  EXPECT_FALSE(q.flag("no"));
  EXPECT_FALSE(q.flag("zero"));
  EXPECT_FALSE(q.flag("absent"));
  EXPECT_TRUE(q.has("empty"));
  EXPECT_FALSE(Query::parse("a=b;c=d").ok());
  EXPECT_FALSE(Query::parse("a=%4").ok());
  std::string many;
  for (size_t i = 0; i <= kQueryParametersMax; ++i) many += "a=b&";
  EXPECT_FALSE(Query::parse(many).ok());
}
TEST(Query, EncodesWhatItParsesBack) {
  Query q;
  q.add("fieldSelector", "metadata.name=a b/c&d");
  q.add("ü", "");
  const std::string text = q.encode();
  EXPECT_EQ(text, "fieldSelector=metadata.name%3Da%20b%2Fc%26d&%C3%BC=");
  EXPECT_EQ(Query::parse(text)->get("fieldSelector"), "metadata.name=a b/c&d");
}
TEST(Url, NamesTargets) {
  const Url u = *parse_url("https://[::1]:6443/api?x=y#f");
  EXPECT_TRUE(u.target.tls);
  EXPECT_EQ(u.target.host, "::1");
  EXPECT_EQ(u.target.port, 6443);
  EXPECT_EQ(u.path_and_query(), "/api?x=y");
  EXPECT_EQ(u.target.authority(), "[::1]:6443");
  EXPECT_EQ(parse_target("https://kubernetes.default.svc")->authority(), "kubernetes.default.svc");
  EXPECT_EQ(parse_target("http://h:443")->authority(), "h:443");
  EXPECT_EQ(parse_target("unix:///run/x.sock")->unix_path, "/run/x.sock");
  EXPECT_EQ(parse_url("http://h")->path, "/");
  for (const char* bad : {"",
                          "ftp://h",
                          "http://",
                          "http://:80",
                          "http://h:0",
                          "http://h:65536",
                          "http://h:x",
                          "http://u@h",
                          "http://h h",
                          "http://[::1",
                          "http://[::1]x",
                          "http://[zz]",
                          "unix://rel",
                          "http://a_b/\n",
                          "http://h%41",
                          "http://[]",
                          "http://[0222]",
                          "http://[1.2.3.4]",
                          "http://[a..b%2]",
                          "http://[::1%2]",
                          "http://[1:2]",
                          "http://[:::]"})
    EXPECT_FALSE(parse_url(bad).ok()) << bad;
  EXPECT_FALSE(parse_target("http://h/path").ok());
}
TEST(Url, TargetsParseBackFromWhatTheyPrint) {
  for (const char* text : {"http://h", "https://a.b-c_d~e:1", "http://[::]:80", "https://[::ffff:1.2.3.4]",
                           "http://1.2.3.4:5", "unix:///run/x.sock#y"}) {
    const auto target = parse_target(text);
    ASSERT_TRUE(target.ok()) << text;
    const auto again = parse_target(target->str());
    ASSERT_TRUE(again.ok()) << target->str();
    EXPECT_EQ(*again, *target) << text;
  }
}
}  // namespace
}  // namespace mizzen::http
