// The deployment's decisions, played against ReplicaSets that make and lose pods.
#include "controllers/workloads/deployment/decide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace mizzen::controllers::deployment {
namespace {

/// A deployment and its sets, carried along step by step.
class World {
 public:
  explicit World(int32_t replicas, const char* strategy = "RollingUpdate") {
    d.metadata.name = "web";
    d.metadata.namespace_ = "default";
    d.metadata.uid = "d-uid";
    d.metadata.generation = 1;
    d.spec.replicas = replicas;
    d.spec.revisionHistoryLimit = 10;
    d.spec.progressDeadlineSeconds = 600;
    d.spec.selector.ensure().matchLabels.set("app", "web");
    d.spec.template_.metadata.labels.set("app", "web");
    d.spec.template_.spec.containers.emplace_back().name = "c";
    d.spec.strategy.type = strategy;
    image("v1");
  }
  void image(const std::string& name) {
    d.spec.template_.spec.containers[0].image = name;
    ++d.metadata.generation;
  }
  void posts(const char* surge, const char* unavailable) {
    auto& rolling = d.spec.strategy.rollingUpdate.ensure();
    const auto value = [](const char* text) {
      codec::IntOrString v;
      const std::string_view s = text;
      if (s.ends_with('%')) {
        v.is_string = true;
        v.text = s;
      } else {
        v.number = std::atoi(text);
      }
      return v;
    };
    rolling.maxSurge = value(surge);
    rolling.maxUnavailable = value(unavailable);
  }

  /// Decides once and carries it out. False where nothing was to be done.
  bool step() {
    Observed o;
    o.deployment = &d;
    for (const ReplicaSet& s : sets) o.sets.push_back(std::make_shared<ReplicaSet>(s));
    o.old_pods_running = old_pods_running;
    o.now = now;
    plan = decide(o);
    bool acted = false;
    if (plan.create) {
      ReplicaSet s = *plan.create;
      s.metadata.uid = fmt::format("rs-{}", ++made);
      s.metadata.creationTimestamp = codec::Time{1000 + made, 0};
      s.metadata.generation = 1;
      sets.push_back(std::move(s));
      acted = true;
    }
    if (plan.update) *find(plan.update->metadata.name) = *plan.update, acted = true;
    for (const auto& scale : plan.scale) {
      ReplicaSet& s = *find(scale.set->metadata.name);
      acted |= s.spec.replicas != scale.replicas;
      s.spec.replicas = scale.replicas;
      set_size_annotations(s, d);
    }
    for (const auto& gone : plan.remove) {
      std::erase_if(sets, [&](const ReplicaSet& s) { return s.metadata.name == gone->metadata.name; });
      acted = true;
    }
    if (plan.status) d = *plan.status, acted = true;
    if (plan.rollback) d = *plan.rollback, ++d.metadata.generation, acted = true;
    return acted;
  }
  /// The sets reach their sizes; at most `ready_max` pods become available, where they may at all.
  void pods(int ready_max = 1000) {
    for (ReplicaSet& s : sets) {
      s.status.replicas = *s.spec.replicas;
      s.status.availableReplicas = std::min(s.status.availableReplicas, s.status.replicas);
      if (broken != s.spec.template_.spec.containers[0].image) {
        const int more = std::min(ready_max, s.status.replicas - s.status.availableReplicas);
        s.status.availableReplicas += more;
        ready_max -= more;
      }
      s.status.readyReplicas = s.status.availableReplicas;
      s.status.observedGeneration = s.metadata.generation;
    }
  }
  void settle(int ready_each = 1000) {
    for (int i = 0; i < 400; ++i) {
      const bool acted = step();
      check();
      pods(ready_each);
      now += std::chrono::seconds(1);
      if (!acted && quiet()) return;
    }
    FAIL() << "does not come to rest";
  }
  std::function<void()> check = [] {};

  ReplicaSet* find(const std::string& name) {
    for (ReplicaSet& s : sets)
      if (s.metadata.name == name) return &s;
    ADD_FAILURE() << "no set " << name;
    return &sets[0];
  }
  ReplicaSet* of_image(const std::string& image) {
    for (ReplicaSet& s : sets)
      if (s.spec.template_.spec.containers[0].image == image) return &s;
    return nullptr;
  }
  int size(const std::string& image) { return of_image(image) ? *of_image(image)->spec.replicas : -1; }
  int total() {
    int n = 0;
    for (const ReplicaSet& s : sets) n += *s.spec.replicas;
    return n;
  }
  int available() {
    int n = 0;
    for (const ReplicaSet& s : sets) n += std::min(s.status.availableReplicas, *s.spec.replicas);
    return n;
  }
  const api::apps::v1::DeploymentCondition* condition(std::string_view type) {
    for (const auto& c : d.status.conditions)
      if (c.type == type) return &c;
    return nullptr;
  }
  std::string reason(std::string_view type) {
    const auto* c = condition(type);
    return c ? c->reason : "";
  }
  bool quiet() {
    return std::all_of(sets.begin(), sets.end(), [&](const ReplicaSet& s) {
      return s.status.availableReplicas == *s.spec.replicas ||
             broken == s.spec.template_.spec.containers[0].image;
    });
  }

  Deployment d;
  std::vector<ReplicaSet> sets;
  Plan plan;
  std::string broken;
  bool old_pods_running = false;
  WallTime now{std::chrono::seconds(1'700'000'000)};
  int made = 0;
};

TEST(DeploymentDecide, ARolloutKeepsItsBoundsAtEveryStep) {
  struct Row {
    int replicas;
    const char *surge, *unavailable;
    int most, least;
  };
  const Row rows[] = {{4, "1", "0", 5, 4},       {4, "0", "1", 4, 3},     {10, "25%", "25%", 13, 8},
                      {3, "100%", "0", 6, 3},    {1, "25%", "25%", 2, 1}, {5, "0", "0", 5, 4},
                      {10, "50%", "50%", 15, 5}, {7, "2", "3", 9, 4}};
  for (const Row& row : rows) {
    for (const int pace : {1, 2, 1000}) {
      SCOPED_TRACE(fmt::format("{} replicas, surge {}, unavailable {}, {} ready at once", row.replicas,
                               row.surge, row.unavailable, pace));
      World w(row.replicas);
      w.posts(row.surge, row.unavailable);
      w.settle();
      ASSERT_EQ(w.available(), row.replicas);
      w.image("v2");
      w.check = [&] {
        EXPECT_LE(w.total(), row.most);
        EXPECT_GE(w.available(), row.least);
      };
      w.settle(pace);
      EXPECT_EQ(w.size("v2"), row.replicas);
      EXPECT_EQ(w.size("v1"), 0);
      EXPECT_EQ(w.reason("Progressing"), "NewReplicaSetAvailable");
      EXPECT_EQ(w.reason("Available"), "MinimumReplicasAvailable");
      EXPECT_EQ(w.d.status.updatedReplicas, row.replicas);
      EXPECT_EQ(w.d.status.observedGeneration, w.d.metadata.generation);
      EXPECT_EQ(revision_of(w.d.metadata), 2);
    }
  }
}

TEST(DeploymentDecide, ABrokenTemplateStopsWithinItsBoundsAndTimesOut) {
  World w(4);
  w.posts("1", "1");
  w.settle();
  w.broken = "bad";
  w.image("bad");
  w.check = [&] { EXPECT_GE(w.available(), 3); };
  w.settle();
  EXPECT_EQ(w.size("v1"), 3);
  EXPECT_EQ(w.size("bad"), 2);
  EXPECT_EQ(w.reason("Progressing"), "ReplicaSetUpdated");
  EXPECT_GT(w.plan.again, Duration::zero());
  EXPECT_LE(w.plan.again, std::chrono::seconds(601));
  w.now += std::chrono::seconds(700);
  w.step();
  EXPECT_EQ(w.reason("Progressing"), "ProgressDeadlineExceeded");
  EXPECT_EQ(w.condition("Progressing")->status, "False");
  // Back to what worked: the broken pods go first.
  w.image("v1");
  w.settle();
  EXPECT_EQ(w.size("v1"), 4);
  EXPECT_EQ(w.size("bad"), 0);
  EXPECT_EQ(w.reason("Progressing"), "NewReplicaSetAvailable");
  EXPECT_EQ(revision_of(w.d.metadata), 3) << "an old set that is used again gets a new revision";
  EXPECT_EQ(w.of_image("v1")->metadata.annotations.get(kRevisionHistory), "1");
}

TEST(DeploymentDecide, RecreateStartsNothingWhileTheOldRuns) {
  World w(3, "Recreate");
  w.settle();
  w.image("v2");
  w.check = [&] {
    if (w.size("v2") > 0) EXPECT_EQ(w.of_image("v1")->status.replicas, 0);
  };
  w.old_pods_running = true;
  for (int i = 0; i < 5; ++i) w.step(), w.pods();
  EXPECT_EQ(w.size("v1"), 0);
  EXPECT_EQ(w.size("v2"), -1) << "pods that still terminate hold it back";
  w.old_pods_running = false;
  w.settle();
  EXPECT_EQ(w.size("v2"), 3);
}

TEST(DeploymentDecide, PausedDeploymentsScaleButDoNotRoll) {
  World w(4);
  w.posts("1", "1");
  w.settle();
  w.d.spec.paused = true;
  w.image("v2");
  w.settle();
  EXPECT_EQ(w.sets.size(), 1u);
  EXPECT_EQ(w.reason("Progressing"), "DeploymentPaused");
  w.d.spec.replicas = 6;
  w.settle();
  EXPECT_EQ(w.size("v1"), 6);
  w.d.spec.paused = false;
  w.settle();
  EXPECT_EQ(w.size("v2"), 6);
  EXPECT_EQ(w.size("v1"), 0);
}

TEST(DeploymentDecide, AScaleDuringARolloutIsSharedInProportion) {
  World w(10);
  w.posts("3", "2");
  w.settle();
  w.broken = "v2";
  w.image("v2");
  w.settle();
  ASSERT_EQ(w.size("v1"), 8);
  ASSERT_EQ(w.size("v2"), 5);
  w.d.spec.replicas = 15;
  w.step();
  // The documentation's example: five more are shared 3 to 2.
  EXPECT_EQ(w.size("v1"), 11);
  EXPECT_EQ(w.size("v2"), 7);
  w.pods();
  w.d.spec.replicas = 0;
  w.step();
  EXPECT_EQ(w.total(), 0);
}

TEST(DeploymentDecide, HistoryKeepsItsLimit) {
  World w(1);
  w.posts("1", "1");
  w.d.spec.revisionHistoryLimit = 2;
  for (int i = 1; i <= 6; ++i) {
    w.image(fmt::format("v{}", i));
    w.settle();
  }
  EXPECT_EQ(w.sets.size(), 3u);
  EXPECT_EQ(w.size("v4"), 0);
  EXPECT_EQ(w.size("v5"), 0);
  EXPECT_EQ(w.size("v6"), 1);
}

TEST(DeploymentDecide, RollbackToTakesTheOldTemplate) {
  World w(1);
  w.posts("1", "0");
  w.settle();
  w.image("v2");
  w.settle();
  w.d.metadata.annotations.set(kRollbackTo, "0");
  w.step();
  EXPECT_EQ(w.d.spec.template_.spec.containers[0].image, "v1");
  EXPECT_FALSE(w.d.metadata.annotations.contains(kRollbackTo));
  EXPECT_FALSE(w.d.spec.template_.metadata.labels.contains(kHashLabel));
  EXPECT_EQ(w.plan.rollback_event, "Normal DeploymentRollback Rolled back deployment \"web\" to revision 1");
  w.settle();
  EXPECT_EQ(w.size("v1"), 1);
  EXPECT_EQ(w.sets.size(), 2u);
  w.d.metadata.annotations.set(kRollbackTo, "77");
  w.step();
  EXPECT_EQ(w.plan.rollback_event.find("Warning DeploymentRollbackRevisionNotFound"), 0u);
  EXPECT_EQ(w.d.spec.template_.spec.containers[0].image, "v1");
}

TEST(DeploymentDecide, AtRestNothingIsWritten) {
  World w(2);
  w.settle();
  EXPECT_FALSE(w.step());
  w.now += std::chrono::hours(24);
  EXPECT_FALSE(w.step());
  EXPECT_EQ(w.sets[0].metadata.labels.get(kHashLabel), w.sets[0].spec.selector->matchLabels.get(kHashLabel));
  EXPECT_EQ(w.sets[0].metadata.name, "web-" + w.sets[0].metadata.labels.get(kHashLabel));
}

}  // namespace
}  // namespace mizzen::controllers::deployment
