#include "network/bridge/state/nft_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::network {
namespace {

using ::testing::HasSubstr;

NftTable table() {
  NftTable out;
  out.maps["ports"] = {
      "inet_proto . inet_service", "ipv4_addr . inet_service", {{"6 . 80", "10.0.0.2 . 8080"}}};
  out.maps["known"] = {"ipv4_addr", "", {{"10.0.0.2", ""}}};
  out.chains["in"] = {"nat", "prerouting", -100, {nft_rule("counter"), nft_rule("accept")}};
  return out;
}

TEST(NftTable, NothingIsSaidWhereNothingDiffers) {
  EXPECT_EQ(nft_changes("t", table(), table()), "");
  auto read = table();
  for (auto& rule : read.chains["in"].rules) rule.text.clear();
  EXPECT_EQ(nft_changes("t", table(), read), "") << "the kernel does not give texts back";
}

TEST(NftTable, IsMadeAnewWhereThereIsNone) {
  EXPECT_EQ(nft_changes("t", table(), std::nullopt),
            "add table ip t\ndelete table ip t\nadd table ip t\n"
            "add set ip t known { type ipv4_addr ; }\n"
            "add element ip t known { 10.0.0.2 }\n"
            "add map ip t ports { type inet_proto . inet_service : ipv4_addr . inet_service ; }\n"
            "add element ip t ports { 6 . 80 : 10.0.0.2 . 8080 }\n"
            "add chain ip t in { type nat hook prerouting priority -100 ; }\n" +
                std::string("add rule ip t in counter comment \"") + nft_rule("counter").mark +
                "\"\nadd rule ip t in accept comment \"" + nft_rule("accept").mark + "\"\n");
}

TEST(NftTable, OnlyElementsThatDifferAreTouched) {
  auto wanted = table();
  wanted.maps["ports"].elements = {{"6 . 80", "10.0.0.3 . 8080"}, {"17 . 53", "10.0.0.4 . 53"}};
  auto actual = table();
  actual.maps["ports"].elements["6 . 81"] = "10.0.0.9 . 1";
  EXPECT_EQ(nft_changes("t", wanted, actual),
            "delete element ip t ports { 6 . 80 }\ndelete element ip t ports { 6 . 81 }\n"
            "add element ip t ports { 17 . 53 : 10.0.0.4 . 53 }\n"
            "add element ip t ports { 6 . 80 : 10.0.0.3 . 8080 }\n");
}

TEST(NftTable, AChainThatDiffersIsWrittenAgainAsAWhole) {
  auto actual = table();
  actual.chains["in"].rules.pop_back();
  const auto again = nft_changes("t", table(), actual);
  EXPECT_TRUE(again.starts_with("flush chain ip t in\nadd rule ip t in counter")) << again;
  EXPECT_THAT(again, ::testing::Not(HasSubstr("ports"))) << "elements stay";
  actual = table();
  actual.chains["in"].priority = 0;
  EXPECT_TRUE(
      nft_changes("t", table(), actual).starts_with("flush chain ip t in\ndelete chain ip t in\nadd chain"));
}

TEST(NftTable, WhatIsNotOursGoesAndAMapOfAnotherTypeIsNamedByNoRuleMeanwhile) {
  auto actual = table();
  actual.chains["old"] = {"nat", "output", 0, {nft_rule("drop")}};
  actual.maps["ports"].value_type = "verdict";
  actual.maps["old"] = {"ipv4_addr", "", {}};
  const auto text = nft_changes("t", table(), actual);
  EXPECT_TRUE(
      text.starts_with("flush chain ip t in\nflush chain ip t old\ndelete chain ip t old\n"
                       "delete set ip t old\ndelete map ip t ports\nadd map ip t ports"))
      << text;
  EXPECT_THAT(text, HasSubstr("add rule ip t in counter"));
}

TEST(NftTable, IsReadFromItsListing) {
  const auto read = parse_nft_listing(R"({"nftables":[{"metainfo":{"version":"1.0.6"}},
    {"table":{"family":"ip","name":"t","handle":1}},
    {"map":{"family":"ip","name":"ports","table":"t","type":["inet_proto","inet_service"],"handle":1,
            "map":"ipv4_addr . inet_service","elem":[[{"concat":[6,80]},{"concat":["10.0.0.2",8080]}]]}},
    {"set":{"family":"ip","name":"known","table":"t","type":"ipv4_addr","handle":2,"elem":["10.0.0.2"]}},
    {"chain":{"family":"ip","table":"t","name":"in","handle":3,"type":"nat","hook":"prerouting","prio":-100,"policy":"accept"}},
    {"rule":{"family":"ip","table":"t","chain":"in","handle":4,"comment":")" +
                                      nft_rule("counter").mark + R"(","expr":[{"counter":{}}]}},
    {"rule":{"family":"ip","table":"t","chain":"in","handle":5,"comment":")" +
                                      nft_rule("accept").mark + R"(","expr":[{"accept":null}]}}]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, table());
  EXPECT_FALSE(parse_nft_listing("{}").ok());
  EXPECT_FALSE(parse_nft_listing("not json").ok());
  EXPECT_TRUE(
      parse_nft_listing(R"({"nftables":[1,{},{"map":{}},{"rule":{}},{"map":{"elem":[[1]],"type":{}}}]})")
          .ok());
}

}  // namespace
}  // namespace mizzen::network
