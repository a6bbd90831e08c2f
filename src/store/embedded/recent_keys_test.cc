#include "store/embedded/recent_keys.h"

#include <gtest/gtest.h>

namespace mizzen::store {
namespace {

RecentKeys::State at(const std::string& key, int64_t revision) {
  KeyValue kv;
  kv.key = key;
  kv.mod_revision = Revision(revision);
  return {kv, 0};
}

TEST(RecentKeys, TellsTheLastState) {
  RecentKeys keys;
  EXPECT_FALSE(keys.find("a"));
  keys.put("a", at("a", 1));
  keys.put("a", at("a", 2));
  ASSERT_TRUE(keys.find("a"));
  EXPECT_EQ(keys.find("a")->kv.mod_revision, Revision(2));
  keys.erase("a");
  EXPECT_FALSE(keys.find("a"));
  keys.put("b", at("b", 3));
  keys.clear();
  EXPECT_FALSE(keys.find("b"));
}

TEST(RecentKeys, ForgetsWhatWasUsedLongestAgo) {
  RecentKeys keys;
  keys.put("used", at("used", 1));
  keys.put("left", at("left", 1));
  for (size_t i = 0; i < 4 * RecentKeys::kGeneration; ++i) {
    const std::string key = "k" + std::to_string(i);
    keys.put(key, at(key, 2));
    if (i % 1000 == 0) EXPECT_TRUE(keys.find("used")) << i;
    ASSERT_LE(keys.size(), 2 * RecentKeys::kGeneration);
  }
  EXPECT_FALSE(keys.find("left"));
}

// A state that went to the older generation is replaced there too, and does not come back.
TEST(RecentKeys, AnOldStateIsReplaced) {
  RecentKeys keys;
  keys.put("a", at("a", 1));
  for (size_t i = 0; i < RecentKeys::kGeneration; ++i) {
    const std::string key = "k" + std::to_string(i);
    keys.put(key, at(key, 2));
  }
  keys.put("a", at("a", 5));
  EXPECT_EQ(keys.find("a")->kv.mod_revision, Revision(5));
  keys.erase("a");
  EXPECT_FALSE(keys.find("a"));
}

TEST(RecentKeysDeathTest, ValuesAreNotKeptAndRevisionsDoNotGoBack) {
  RecentKeys keys;
  RecentKeys::State with_value = at("a", 1);
  with_value.kv.value = std::make_shared<const std::string>("v");
  EXPECT_DEATH(keys.put("a", with_value), "the value of a would be kept");
  keys.put("a", at("a", 7));
  EXPECT_DEATH(keys.put("a", at("a", 6)), "goes back from revision 7 to 6");
}

}  // namespace
}  // namespace mizzen::store
