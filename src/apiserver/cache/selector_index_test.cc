#include "apiserver/cache/selector_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/pod.h"
#include "apiserver/cache/entry_tree.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using Keys = std::vector<std::string>;

class SelectorIndexTest : public testing::Test {
 protected:
  EntryPtr pod(const std::string& name, const std::string& app, const std::string& node) {
    Pod p;
    p.metadata.namespace_ = "n";
    p.metadata.name = name;
    p.metadata.resourceVersion = "1";
    if (!app.empty()) p.metadata.labels.set("app", app);
    p.spec.nodeName = node;
    return Entry::encode(home_, "n/" + name, 1, Object::of(std::move(p)));
  }
  Filter filter(const std::string& labels, const std::string& fields) {
    return *make_filter(home_->resource(), "", labels, fields);
  }
  /// The keys that come with the indexes there are; "walk" where none narrows it.
  Keys find(const std::string& labels, const std::string& fields) {
    wanted_.reset();
    const auto found = indexes_.candidates(filter(labels, fields), now_, wanted_);
    if (!found) return {"walk"};
    EntryTree tree;  // as a snapshot holds them
    for (const EntryPtr& e : *found) tree.set(e);
    Keys out;
    for (auto at = tree.seek(""); at.get(); at.next()) out.emplace_back(at.get()->name());
    return out;
  }
  void index(const IndexKey& key, const std::vector<EntryPtr>& entries) {
    SelectorIndex made(key);
    for (const EntryPtr& e : entries) made.add(e);
    indexes_.install(std::move(made), now_);
  }

  const CompanionsPtr companions_ = std::make_shared<Companions>(1 << 20);
  const EntryHomePtr home_ = std::make_shared<EntryHome>(api::resource_of<Pod>(), companions_);
  SelectorIndexes indexes_;
  std::optional<IndexKey> wanted_;
  Monotonic now_{};
};

TEST_F(SelectorIndexTest, FindsByLabelAndField) {
  const std::vector<EntryPtr> pods = {pod("b", "web", "x"), pod("a", "web", "y"), pod("c", "db", "x"),
                                      pod("d", "", "y")};
  EXPECT_EQ(find("app=web", ""), Keys{"walk"});
  EXPECT_EQ(wanted_, (IndexKey{true, "app"}));
  index({true, "app"}, pods);
  EXPECT_EQ(find("app=web", ""), (Keys{"a", "b"})) << "in key order";
  EXPECT_FALSE(wanted_);
  EXPECT_EQ(find("app in (web,db)", ""), (Keys{"a", "b", "c"}));
  EXPECT_EQ(find("app=none", ""), Keys());
  EXPECT_EQ(find("app!=web", ""), Keys{"walk"}) << "no index answers what is not";
  EXPECT_FALSE(wanted_);
  EXPECT_EQ(find("", "spec.nodeName=x"), Keys{"walk"});
  EXPECT_EQ(wanted_, (IndexKey{false, "spec.nodeName"}));
  index({false, "spec.nodeName"}, pods);
  EXPECT_EQ(find("", "spec.nodeName=x"), (Keys{"b", "c"}));
  EXPECT_EQ(find("app=db", "spec.nodeName=x"), Keys{"c"}) << "the shorter of the two";
}

TEST_F(SelectorIndexTest, FollowsChanges) {
  const EntryPtr a = pod("a", "web", "x"), b = pod("b", "web", "x");
  index({true, "app"}, {a});
  indexes_.changed(nullptr, b);
  EXPECT_EQ(find("app=web", ""), (Keys{"a", "b"}));
  const EntryPtr moved = pod("a", "db", "x");
  indexes_.changed(a, moved);
  EXPECT_EQ(find("app=web", ""), Keys{"b"});
  EXPECT_EQ(find("app=db", ""), Keys{"a"});
  indexes_.changed(moved, nullptr);
  EXPECT_EQ(find("app=db", ""), Keys());
}

TEST_F(SelectorIndexTest, ValuesThatManyHaveAreWalked) {
  std::vector<EntryPtr> pods;
  for (size_t i = 0; i <= SelectorIndex::kFewMax; ++i) pods.push_back(pod(fmt::format("p{}", i), "web", ""));
  index({true, "app"}, pods);
  EXPECT_EQ(find("app=web", ""), Keys{"walk"});
  EXPECT_FALSE(wanted_) << "the index is there; it does not help";
  EXPECT_EQ(find("app=db", ""), Keys());
  for (size_t i = 0; i + 10 < pods.size(); ++i) indexes_.changed(pods[i], nullptr);
  EXPECT_EQ(find("app=web", ""), Keys{"walk"});
  EXPECT_EQ(wanted_, (IndexKey{true, "app"})) << "made anew it would help";
  index({true, "app"}, {pods.end() - 10, pods.end()});
  EXPECT_EQ(find("app=web", "").size(), 10u);
}

TEST_F(SelectorIndexTest, TheLongestUnusedGoesFirst) {
  for (size_t i = 0; i < SelectorIndexes::kIndexesMax; ++i) {
    now_ += std::chrono::seconds(1);
    index({true, fmt::format("l{}", i)}, {});
  }
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(find("l0=x", ""), Keys());
  index({true, "more"}, {});
  EXPECT_EQ(indexes_.size(), SelectorIndexes::kIndexesMax);
  EXPECT_EQ(find("l0=x", ""), Keys()) << "it has been used lately";
  EXPECT_EQ(find("l1=x", ""), Keys{"walk"});
  indexes_.expire(now_ + SelectorIndexes::kIdleMax);
  EXPECT_EQ(indexes_.size(), 2u) << "l0 and the newest";
}

}  // namespace
}  // namespace mizzen::apiserver
