#include "apiserver/cache/entry_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"

namespace mizzen::apiserver {
namespace {

class EntryTreeTest : public testing::Test {
 protected:
  EntryPtr entry(const std::string& key, int64_t revision = 1) {
    api::core::v1::ConfigMap c;
    c.metadata.namespace_ = key.substr(0, key.find('/'));
    c.metadata.name = key.substr(key.find('/') + 1);
    return Entry::encode(home_, key, revision, Object::of(std::move(c)));
  }
  static std::vector<std::string> keys(const EntryTree& tree, std::string_view from = "",
                                       bool after = false) {
    std::vector<std::string> out;
    for (auto at = tree.seek(from, after); at.get(); at.next()) out.emplace_back(at.get()->key());
    return out;
  }

  const api::ResourceInfo& resource_ = api::resource_of<api::core::v1::ConfigMap>();
  const CompanionsPtr companions_ = std::make_shared<Companions>(1 << 20);
  const EntryHomePtr home_ = std::make_shared<EntryHome>(resource_, companions_);
};

TEST_F(EntryTreeTest, EmptyTreeHasNothing) {
  EntryTree tree;
  EXPECT_EQ(tree.size(), 0u);
  EXPECT_EQ(tree.find("a/b"), nullptr);
  EXPECT_EQ(tree.erase("a/b"), nullptr);
  EXPECT_EQ(tree.seek("").get(), nullptr);
  EXPECT_EQ(tree.rank("a/b"), 0u);
}

TEST_F(EntryTreeTest, AgreesWithAnOrderedMapUnderRandomChanges) {
  EntryTree tree;
  std::map<std::string, EntryPtr> model;
  std::mt19937 random(7);
  for (int step = 0; step < 30'000; ++step) {
    const std::string key = fmt::format("n{}/c{}", random() % 7, random() % 600);
    // It grows, then shrinks to nothing much: splits and merges at every level.
    const bool put = random() % 100 < (step < 15'000 ? 70u : 25u);
    if (put) {
      EntryPtr made = entry(key, step);
      EXPECT_EQ(tree.set(made), model[key]);
      model[key] = made;
    } else {
      const auto it = model.find(key);
      EXPECT_EQ(tree.erase(key), it == model.end() ? nullptr : it->second);
      if (it != model.end()) model.erase(it);
    }
    ASSERT_EQ(tree.size(), model.size());
    if (step % 500 != 0) continue;
    std::vector<std::string> expected;
    size_t rank = 0;
    for (const auto& [k, e] : model) {
      EXPECT_EQ(tree.find(k), e);
      EXPECT_EQ(tree.rank(k), rank++);
      expected.push_back(k);
    }
    ASSERT_EQ(keys(tree), expected);
  }
}

TEST_F(EntryTreeTest, ACopyStaysAsItWas) {
  EntryTree tree;
  for (int i = 0; i < 2000; ++i) tree.set(entry(fmt::format("n/{:05}", i), 1));
  const EntryTree copy = tree;
  for (int i = 0; i < 2000; i += 2) tree.erase(fmt::format("n/{:05}", i));
  for (int i = 1; i < 2000; i += 2) tree.set(entry(fmt::format("n/{:05}", i), 2));
  EXPECT_EQ(copy.size(), 2000u);
  EXPECT_EQ(tree.size(), 1000u);
  for (auto at = copy.seek(""); at.get(); at.next()) EXPECT_EQ(at.get()->revision(), 1);
  for (auto at = tree.seek(""); at.get(); at.next()) EXPECT_EQ(at.get()->revision(), 2);
}

TEST_F(EntryTreeTest, SeekFindsTheFirstKeyThatIsNotBefore) {
  EntryTree tree;
  for (int i = 0; i < 500; ++i) tree.set(entry(fmt::format("n/{:03}", i * 2)));
  EXPECT_EQ(tree.seek("n/100").get()->key(), "n/100");
  EXPECT_EQ(tree.seek("n/100", true).get()->key(), "n/102");
  EXPECT_EQ(tree.seek("n/101").get()->key(), "n/102");
  EXPECT_EQ(tree.seek("n/998", true).get(), nullptr);
  EXPECT_EQ(tree.seek("o").get(), nullptr);
  EXPECT_EQ(tree.rank(prefix_end("n/")), 500u);
}

}  // namespace
}  // namespace mizzen::apiserver
