#include "controllers/nodes/lifecycle/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

nodes::Node node(std::initializer_list<std::pair<const char*, const char*>> conditions) {
  nodes::Node n;
  n.metadata.name = "n";
  for (const auto& [type, status] : conditions) {
    auto& c = n.status.conditions.emplace_back();
    c.type = type;
    c.status = status;
  }
  return n;
}

TEST(NodesDecide, ASilentNodeBecomesUnknown) {
  const auto n = node({{"Ready", "True"}, {"MemoryPressure", "False"}, {"DiskPressure", "False"}});
  EXPECT_FALSE(nodes::judged_status(n, nodes::kGracePeriod - Duration(1), kNow));
  const auto judged = nodes::judged_status(n, nodes::kGracePeriod, kNow);
  ASSERT_TRUE(judged);
  ASSERT_EQ(judged->status.conditions.size(), 4u);
  EXPECT_EQ(judged->status.conditions[0].reason, "NodeStatusUnknown");
  EXPECT_EQ(judged->status.conditions[3].reason, "NodeStatusNeverUpdated");
  for (const auto& c : judged->status.conditions) EXPECT_EQ(c.status, "Unknown");
  EXPECT_FALSE(nodes::judged_status(*judged, std::chrono::hours(1), kNow)) << "told once";
}

TEST(NodesDecide, OnlyWhatAnAgentWritesIsASignOfLife) {
  nodes::Signs signs;
  nodes::Node n = node({});
  EXPECT_FALSE(signs.see(n)) << "it has said nothing";
  n = *nodes::judged_status(n, nodes::kGracePeriod, kNow);
  EXPECT_FALSE(signs.see(n)) << "that was us";
  n = node({{"Ready", "True"}});
  EXPECT_TRUE(signs.see(n)) << "its first word";
  EXPECT_FALSE(signs.see(n));
  n.metadata.labels.set("a", "b");
  n.spec.unschedulable = true;
  n.status.conditions[0].status = "Unknown";
  EXPECT_FALSE(signs.see(n)) << "others write these";
  n.status.conditions[0].lastHeartbeatTime = codec::Time{1, 0};
  EXPECT_TRUE(signs.see(n));

  nodes::Lease lease;
  lease.spec.renewTime = codec::Time{1, 0};
  EXPECT_TRUE(signs.see(lease));
  lease.metadata.labels.set("a", "b");
  EXPECT_FALSE(signs.see(lease));
  lease.spec.renewTime = codec::Time{1, 1000};
  EXPECT_TRUE(signs.see(lease));
}

TEST(NodesDecide, AHealthyNodeIsLookedAtWhenItMayHaveBeenSilentTooLong) {
  using std::chrono::seconds;
  nodes::Node n = node({{"Ready", "True"}});
  EXPECT_EQ(nodes::until_next_look(n, seconds(0), seconds(50)), seconds(50));
  EXPECT_EQ(nodes::until_next_look(n, seconds(40), seconds(50)), seconds(10));
  EXPECT_EQ(nodes::until_next_look(n, seconds(49), seconds(50)), nodes::kPeriod) << "no storm at the end";
  EXPECT_EQ(nodes::until_next_look(n, seconds(90), seconds(50)), nodes::kPeriod);
  n.spec.taints.emplace_back().key = "node.kubernetes.io/not-ready";
  EXPECT_EQ(nodes::until_next_look(n, seconds(0), seconds(50)), nodes::kPeriod) << "a taint may have to go";
  EXPECT_EQ(nodes::until_next_look(node({{"Ready", "False"}}), seconds(0), seconds(50)), nodes::kPeriod)
      << "a taint may have to come";
}

TEST(NodesDecide, TaintsFollowConditions) {
  struct Row {
    std::initializer_list<std::pair<const char*, const char*>> conditions;
    bool unschedulable;
    std::string taints;
  };
  const Row rows[] = {
      {{{"Ready", "True"}}, false, ""},
      {{{"Ready", "False"}},
       false,
       "node.kubernetes.io/not-ready:NoSchedule node.kubernetes.io/not-ready:NoExecute "},
      {{{"Ready", "Unknown"}},
       false,
       "node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute "},
      {{{"Ready", "True"}, {"DiskPressure", "True"}}, false, "node.kubernetes.io/disk-pressure:NoSchedule "},
      {{{"Ready", "True"}}, true, "node.kubernetes.io/unschedulable:NoSchedule "},
  };
  for (const Row& row : rows) {
    auto n = node(row.conditions);
    n.spec.unschedulable = row.unschedulable;
    auto& mine = n.spec.taints.emplace_back();
    mine.key = "example.com/mine";
    mine.effect = "NoSchedule";
    const auto judged = nodes::judged_taints(n, kNow);
    std::string text;
    for (const auto& t : (judged ? *judged : n).spec.taints)
      if (t.key != "example.com/mine") text += t.key + ":" + t.effect + " ";
    EXPECT_EQ(text, row.taints);
    EXPECT_EQ(judged.has_value(), !row.taints.empty());
    if (judged) EXPECT_FALSE(nodes::judged_taints(*judged, kNow)) << "at rest";
  }
  auto well = *nodes::judged_taints(node({{"Ready", "False"}}), kNow);
  well.status.conditions[0].status = "True";
  EXPECT_TRUE(nodes::judged_taints(well, kNow)->spec.taints.empty());
}

std::string taints_of(const nodes::Node& n) {
  std::string out;
  for (const auto& taint : n.spec.taints)
    out += (out.empty() ? "" : " ") + taint.key.substr(taint.key.find('/') + 1) + ":" + taint.effect;
  return out;
}

TEST(NodesDecide, CordonTaintsAndUncordonTakesItAway) {
  struct Row {
    const char* why;
    nodes::Node node;
    std::string cordoned, uncordoned;
  };
  const Row rows[] = {
      {"ready", node({{"Ready", "True"}}), "unschedulable:NoSchedule", ""},
      {"not ready", node({{"Ready", "False"}}),
       "not-ready:NoSchedule not-ready:NoExecute unschedulable:NoSchedule",
       "not-ready:NoSchedule not-ready:NoExecute"},
      {"has said nothing", node({}), "unschedulable:NoSchedule", ""},
  };
  for (const Row& row : rows) {
    nodes::Node n = row.node;
    if (auto first = nodes::judged_taints(n, kNow)) n = *first;
    n.spec.unschedulable = true;
    const auto cordoned = nodes::judged_taints(n, kNow);
    ASSERT_TRUE(cordoned) << row.why;
    EXPECT_EQ(taints_of(*cordoned), row.cordoned) << row.why;
    EXPECT_FALSE(nodes::judged_taints(*cordoned, kNow)) << row.why << ": at rest";
    n = *cordoned;
    n.spec.unschedulable = false;
    const auto uncordoned = nodes::judged_taints(n, kNow);
    ASSERT_TRUE(uncordoned) << row.why;
    EXPECT_EQ(taints_of(*uncordoned), row.uncordoned) << row.why;
  }
}

TEST(NodesDecide, ASilentNodeKeepsTheTaintsItRegisteredWithAndOthersStayTheirOwners) {
  auto n = node({});
  auto& registered = n.spec.taints.emplace_back();
  registered.key = "node.kubernetes.io/not-ready";
  registered.effect = "NoSchedule";
  auto& own = n.spec.taints.emplace_back();
  own.key = "example.com/gpu";
  own.effect = "NoSchedule";
  EXPECT_FALSE(nodes::judged_taints(n, kNow));
  n.status.conditions = node({{"Ready", "True"}}).status.conditions;
  const auto spoken = nodes::judged_taints(n, kNow);
  ASSERT_TRUE(spoken);
  EXPECT_EQ(taints_of(*spoken), "gpu:NoSchedule");
}

}  // namespace
}  // namespace mizzen::controllers
