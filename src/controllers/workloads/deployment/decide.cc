#include "controllers/workloads/deployment/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "controllers/framework/pods.h"

namespace mizzen::controllers::deployment {
namespace {

using Condition = api::apps::v1::DeploymentCondition;
constexpr size_t kHistoryTextMax = 2000;
constexpr size_t kNameMax = 253;

int32_t size_of(const ReplicaSet& s) { return s.spec.replicas.value_or(1); }

/// Everything a step looks at, worked out once.
struct State {
  const Deployment& d;
  const Observed& observed;
  ReplicaSetPtr fresh;             ///< the new set
  std::vector<ReplicaSetPtr> old;  ///< the others, oldest first
  int32_t replicas;
  Fenceposts posts;
  Plan plan;
  Deployment next;  ///< the deployment whose status is built

  std::vector<ReplicaSetPtr> all() const {
    auto out = old;
    if (fresh) out.push_back(fresh);
    return out;
  }
};

bool by_age(const ReplicaSetPtr& a, const ReplicaSetPtr& b) {
  if (a->metadata.creationTimestamp != b->metadata.creationTimestamp)
    return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
  return a->metadata.name < b->metadata.name;
}

Condition* find(std::vector<Condition>& conditions, std::string_view type) {
  for (Condition& c : conditions)
    if (c.type == type) return &c;
  return nullptr;
}

void set_condition(State& s, std::string_view type, std::string_view status, std::string_view reason,
                   std::string message) {
  auto& conditions = s.next.status.conditions;
  const auto now = codec::Time::from(s.observed.now);
  Condition* c = find(conditions, type);
  if (c && c->status == status && c->reason == reason) return;
  const codec::Time since = c && c->status == status ? c->lastTransitionTime : now;
  if (c) std::erase_if(conditions, [&](const Condition& x) { return x.type == type; });
  Condition made;
  made.type = type;
  made.status = status;
  made.reason = reason;
  made.message = std::move(message);
  made.lastUpdateTime = now;
  made.lastTransitionTime = since;
  conditions.push_back(std::move(made));
}

bool has_deadline(const Deployment& d) {
  return d.spec.progressDeadlineSeconds &&
         *d.spec.progressDeadlineSeconds != std::numeric_limits<int32_t>::max();
}

std::string subject(const State& s) {
  return s.fresh ? fmt::format("ReplicaSet {}", quote(s.fresh->metadata.name))
                 : fmt::format("Deployment {}", quote(s.d.metadata.name));
}

/// How many pods the new set should ask for now.
int32_t new_set_size(const State& s, int32_t present) {
  if (s.d.spec.strategy.type == "Recreate") return s.replicas;
  int32_t total = present;
  for (const auto& set : s.old) total += size_of(*set);
  const int32_t most = s.replicas + s.posts.surge;
  if (total >= most) return present;
  return present + std::min(most - total, s.replicas - present);
}

/// Copies the deployment's annotations to its set; true where that changed something.
bool copy_annotations(const Deployment& d, ReplicaSet& set) {
  bool changed = false;
  for (const auto& [key, value] : d.metadata.annotations) {
    if (key == kLastApplied || key == kRevision || key == kRevisionHistory || key == kDesired ||
        key == kMax || key == kRollbackTo)
      continue;
    const std::string* present = set.metadata.annotations.find(key);
    if (present && *present == value) continue;
    set.metadata.annotations.set(key, value);
    changed = true;
  }
  return changed;
}

void raise_revision(ReplicaSet& set, int64_t revision, bool& changed) {
  const int64_t before = revision_of(set.metadata);
  if (before >= revision) return;
  const std::string* text = set.metadata.annotations.find(kRevision);
  if (text && !text->empty()) {
    std::string history = set.metadata.annotations.get(kRevisionHistory);
    history += (history.empty() ? "" : ",") + *text;
    while (history.size() > kHistoryTextMax && history.find(',') != std::string::npos)
      history.erase(0, history.find(',') + 1);
    set.metadata.annotations.set(kRevisionHistory, history);
  }
  set.metadata.annotations.set(kRevision, std::to_string(revision));
  changed = true;
}

/// Makes sure there is a new set with the right annotations. True where that has to be written first.
bool ensure_new_set(State& s, bool may_create) {
  int64_t newest = 0;
  for (const auto& set : s.old) newest = std::max(newest, revision_of(set->metadata));
  const int64_t revision = newest + 1;
  if (s.fresh) {
    ReplicaSet set = *s.fresh;
    bool changed = copy_annotations(s.d, set);
    raise_revision(set, revision, changed);
    if (set.spec.minReadySeconds != s.d.spec.minReadySeconds) {
      set.spec.minReadySeconds = s.d.spec.minReadySeconds;
      changed = true;
    }
    s.next.metadata.annotations.set(kRevision, set.metadata.annotations.get(kRevision));
    if (changed) {
      s.plan.update = std::move(set);
      return true;
    }
    if (has_deadline(s.d) && !find(s.next.status.conditions, "Progressing"))
      set_condition(s, "Progressing", "True", "FoundNewReplicaSet",
                    fmt::format("Found new replica set {}", quote(s.fresh->metadata.name)));
    return false;
  }
  if (!may_create) return false;
  const std::string hash = template_hash(s.d.spec.template_, s.d.status.collisionCount);
  ReplicaSet set;
  set.metadata.name = s.d.metadata.name.substr(0, kNameMax - hash.size() - 1) + "-" + hash;
  set.metadata.namespace_ = s.d.metadata.namespace_;
  set.metadata.labels = s.d.spec.template_.metadata.labels;
  set.metadata.labels.set(kHashLabel, hash);
  set.metadata.ownerReferences = {controller_reference("apps/v1", "Deployment", s.d.metadata)};
  set.spec.minReadySeconds = s.d.spec.minReadySeconds;
  set.spec.selector = s.d.spec.selector;
  set.spec.selector.ensure().matchLabels.set(kHashLabel, hash);
  set.spec.template_ = s.d.spec.template_;
  set.spec.template_.metadata.labels.set(kHashLabel, hash);
  set.spec.replicas = new_set_size(s, 0);
  copy_annotations(s.d, set);
  bool ignored = false;
  raise_revision(set, revision, ignored);
  set_size_annotations(set, s.d);
  s.next.metadata.annotations.set(kRevision, std::to_string(revision));
  if (has_deadline(s.d))
    set_condition(s, "Progressing", "True", "NewReplicaSetCreated",
                  fmt::format("Created new replica set {}", quote(set.metadata.name)));
  s.plan.create = std::move(set);
  return true;
}

void scale_to(State& s, const ReplicaSetPtr& set, int32_t replicas) {
  if (size_of(*set) != replicas) s.plan.scale.push_back({set, replicas});
}

/// One step of a rolling update; true where something is scaled.
bool roll(State& s) {
  const int32_t present = size_of(*s.fresh);
  if (present > s.replicas) {
    scale_to(s, s.fresh, s.replicas);
    return true;
  }
  if (present < s.replicas) {
    const int32_t wanted = new_set_size(s, present);
    scale_to(s, s.fresh, wanted);
    if (wanted != present) return true;
  }
  int32_t old_size = 0, total = present, available = s.fresh->status.availableReplicas;
  for (const auto& set : s.old) {
    old_size += size_of(*set);
    available += set->status.availableReplicas;
  }
  total += old_size;
  if (old_size == 0) return false;
  const int32_t min_available = s.replicas - s.posts.unavailable;
  const int32_t down_max = total - min_available - (present - s.fresh->status.availableReplicas);
  if (down_max <= 0) return false;
  std::vector<int32_t> size;
  for (const auto& set : s.old) size.push_back(size_of(*set));
  int32_t done = 0;
  for (size_t i = 0; i < s.old.size() && done < down_max; ++i) {  // the unhealthy first
    const int32_t sick = size[i] - s.old[i]->status.availableReplicas;
    if (size[i] == 0 || sick <= 0) continue;
    const int32_t by = std::min(down_max - done, sick);
    size[i] -= by;
    done += by;
  }
  int32_t left = available - min_available;
  for (size_t i = 0; i < s.old.size() && left > 0; ++i) {
    const int32_t by = std::min(size[i], left);
    size[i] -= by;
    left -= by;
  }
  for (size_t i = 0; i < s.old.size(); ++i) scale_to(s, s.old[i], size[i]);
  return !s.plan.scale.empty();
}

bool is_complete(const State& s, const api::apps::v1::DeploymentStatus& status) {
  return status.updatedReplicas == s.replicas && status.replicas == s.replicas &&
         status.availableReplicas == s.replicas && status.observedGeneration >= s.d.metadata.generation;
}

void clean_history(State& s) {
  if (!s.d.spec.revisionHistoryLimit || *s.d.spec.revisionHistoryLimit == std::numeric_limits<int32_t>::max())
    return;
  std::vector<ReplicaSetPtr> sets;
  for (const auto& set : s.old)
    if (!set->metadata.deletionTimestamp) sets.push_back(set);
  const int excess = static_cast<int>(sets.size()) - *s.d.spec.revisionHistoryLimit;
  if (excess <= 0) return;
  std::stable_sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) {
    return revision_of(a->metadata) < revision_of(b->metadata);
  });
  for (int i = 0; i < excess; ++i) {
    const ReplicaSet& set = *sets[static_cast<size_t>(i)];
    if (set.status.replicas == 0 && size_of(set) == 0 &&
        set.metadata.generation <= set.status.observedGeneration)
      s.plan.remove.push_back(sets[static_cast<size_t>(i)]);
  }
}

/// Sizes follow the deployment's own size: while paused, and when it was changed during a rollout.
void scale_proportionally(State& s) {
  std::vector<ReplicaSetPtr> active;
  for (const auto& set : s.all())
    if (size_of(*set) > 0) active.push_back(set);
  if (active.size() <= 1) {
    ReplicaSetPtr target = active.empty() ? (s.fresh         ? s.fresh
                                             : s.old.empty() ? nullptr
                                                             : s.old.back())
                                          : active[0];
    if (target) {
      const std::string* desired = target->metadata.annotations.find(kDesired);
      if (size_of(*target) != s.replicas || (desired && *desired != std::to_string(s.replicas)))
        s.plan.scale.push_back({target, s.replicas});
    }
    return;
  }
  const std::string* desired = s.fresh ? s.fresh->metadata.annotations.find(kDesired) : nullptr;
  if (s.fresh && desired && *desired == std::to_string(s.replicas) && size_of(*s.fresh) == s.replicas &&
      s.fresh->status.availableReplicas == s.replicas) {
    for (const auto& set : s.old) scale_to(s, set, 0);
    return;
  }
  if (s.d.spec.strategy.type != "RollingUpdate") return;
  const int32_t allowed = s.replicas > 0 ? s.replicas + s.posts.surge : 0;
  int32_t total = 0;
  for (const auto& set : active) total += size_of(*set);
  const int32_t to_add = allowed - total;
  std::stable_sort(active.begin(), active.end(), [&](const auto& a, const auto& b) {
    if (size_of(*a) != size_of(*b)) return size_of(*a) > size_of(*b);
    return to_add > 0 ? by_age(b, a) : by_age(a, b);
  });
  int32_t added = 0;
  std::vector<int32_t> size;
  for (const auto& set : active) {
    int32_t share = 0;
    if (to_add != 0) {
      if (s.replicas == 0) {
        share = -size_of(*set);
      } else {
        int64_t most = parse_int<int32_t>(set->metadata.annotations.get(kMax)).value_or(0);
        if (most == 0) most = s.d.status.replicas;
        const double exact = most == 0 ? 0
                                       : static_cast<double>(size_of(*set)) * (s.replicas + s.posts.surge) /
                                             static_cast<double>(most);
        share = static_cast<int32_t>(std::lround(exact)) - size_of(*set);
      }
      const int32_t left = to_add - added;
      share = to_add > 0 ? std::min(share, left) : std::max(share, left);
    }
    size.push_back(size_of(*set) + share);
    added += share;
  }
  if (to_add != 0 && !size.empty()) size[0] = std::max(0, size[0] + to_add - added);
  for (size_t i = 0; i < active.size(); ++i) s.plan.scale.push_back({active[i], size[i]});
}

void count_status(State& s) {
  auto& st = s.next.status;
  const auto before = st;
  int32_t wanted = 0;
  st.replicas = st.readyReplicas = st.availableReplicas = 0;
  for (const auto& set : s.all()) {
    st.replicas += set->status.replicas;
    st.readyReplicas += set->status.readyReplicas;
    st.availableReplicas += set->status.availableReplicas;
    wanted += size_of(*set);
  }
  st.updatedReplicas = s.fresh ? s.fresh->status.replicas : 0;
  st.unavailableReplicas = std::max(0, wanted - st.availableReplicas);
  st.observedGeneration = s.d.metadata.generation;
  if (st.availableReplicas >= s.replicas - s.posts.unavailable) {
    set_condition(s, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
  } else {
    set_condition(s, "Available", "False", "MinimumReplicasUnavailable",
                  "Deployment does not have minimum availability.");
  }
}

/// The Progressing and ReplicaFailure conditions of a rollout.
void judge_progress(State& s) {
  auto& st = s.next.status;
  const auto& before = s.d.status;
  if (!has_deadline(s.d)) {
    std::erase_if(st.conditions, [](const Condition& c) { return c.type == "Progressing"; });
  } else {
    Condition* c = find(st.conditions, "Progressing");
    const bool settled = st.replicas == st.updatedReplicas && c && c->reason == "NewReplicaSetAvailable";
    const int32_t old_before = before.replicas - before.updatedReplicas,
                  old_now = st.replicas - st.updatedReplicas;
    if (settled) {
    } else if (is_complete(s, st)) {
      set_condition(s, "Progressing", "True", "NewReplicaSetAvailable",
                    subject(s) + " has successfully progressed.");
    } else if (st.updatedReplicas > before.updatedReplicas || old_now < old_before ||
               st.readyReplicas > before.readyReplicas || st.availableReplicas > before.availableReplicas) {
      const codec::Time since =
          c && c->status == "True" ? c->lastTransitionTime : codec::Time::from(s.observed.now);
      std::erase_if(st.conditions, [](const Condition& x) { return x.type == "Progressing"; });
      set_condition(s, "Progressing", "True", "ReplicaSetUpdated", subject(s) + " is progressing.");
      find(st.conditions, "Progressing")->lastTransitionTime = since;
    } else if (c) {
      const WallTime deadline =
          c->lastUpdateTime.is_set()
              ? c->lastUpdateTime.wall() + std::chrono::seconds(*s.d.spec.progressDeadlineSeconds)
              : s.observed.now;
      if (c->reason == "ProgressDeadlineExceeded" ||
          (c->reason != "NewReplicaSetAvailable" && deadline < s.observed.now)) {
        set_condition(s, "Progressing", "False", "ProgressDeadlineExceeded",
                      subject(s) + " has timed out progressing.");
      } else if (c->reason != "NewReplicaSetAvailable") {
        s.plan.again = deadline - s.observed.now + std::chrono::seconds(1);
      }
    }
  }
  const api::apps::v1::ReplicaSetCondition* failure = nullptr;
  const auto look = [&](const ReplicaSetPtr& set) {
    for (const auto& c : set->status.conditions)
      if (c.type == "ReplicaFailure" && !failure) failure = &c;
  };
  if (s.fresh) look(s.fresh);
  for (const auto& set : s.old) look(set);
  if (failure) {
    set_condition(s, "ReplicaFailure", failure->status, failure->reason, failure->message);
  } else {
    std::erase_if(st.conditions, [](const Condition& c) { return c.type == "ReplicaFailure"; });
  }
}

void judge_pause(State& s) {
  if (!has_deadline(s.d)) return;
  Condition* c = find(s.next.status.conditions, "Progressing");
  if (c && c->reason == "ProgressDeadlineExceeded") return;
  const bool paused_before = c && c->reason == "DeploymentPaused";
  if (s.d.spec.paused && !paused_before)
    set_condition(s, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
  if (!s.d.spec.paused && paused_before)
    set_condition(s, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
}

bool is_scaling_event(const State& s) {
  for (const auto& set : s.all()) {
    if (size_of(*set) == 0) continue;
    const std::string* desired = set->metadata.annotations.find(kDesired);
    if (desired && *desired != std::to_string(s.replicas)) return true;
  }
  return false;
}

/// rollbackTo of the old versions: the template of that revision becomes the deployment's.
bool roll_back(State& s) {
  const std::string* text = s.d.metadata.annotations.find(kRollbackTo);
  if (!text) return false;
  int64_t wanted = parse_int<int64_t>(*text).value_or(0);
  if (wanted == 0) {
    std::vector<int64_t> revisions;
    for (const auto& set : s.all()) revisions.push_back(revision_of(set->metadata));
    std::sort(revisions.rbegin(), revisions.rend());
    wanted = revisions.size() > 1 ? revisions[1] : 0;
  }
  Deployment back = s.d;
  back.metadata.annotations.erase(kRollbackTo);
  s.plan.rollback_event =
      "Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to.";
  for (const auto& set : s.all()) {
    if (wanted == 0 || revision_of(set->metadata) != wanted) continue;
    auto tmpl = set->spec.template_;
    tmpl.metadata.labels.erase(kHashLabel);
    if (codec::equal(tmpl, s.d.spec.template_)) {
      s.plan.rollback_event = fmt::format(
          "Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as "
          "current deployment {}",
          quote(s.d.metadata.name));
    } else {
      back.spec.template_ = std::move(tmpl);
      s.plan.rollback_event =
          fmt::format("Normal DeploymentRollback Rolled back deployment {} to revision {}",
                      quote(s.d.metadata.name), wanted);
    }
  }
  s.plan.rollback = std::move(back);
  return true;
}

}  // namespace

Plan decide(const Observed& observed) {
  const Deployment& d = *observed.deployment;
  State s{d, observed, find_new_set(d, observed.sets), {}, d.spec.replicas.value_or(1), fenceposts(d), {}, d};
  for (const auto& set : observed.sets)
    if (set != s.fresh) s.old.push_back(set);
  std::sort(s.old.begin(), s.old.end(), by_age);

  bool rolling = false;
  if (d.metadata.deletionTimestamp) {
    // only the status
  } else {
    judge_pause(s);
    if (d.spec.paused) {
      if (s.fresh) ensure_new_set(s, false);
      scale_proportionally(s);
      clean_history(s);
    } else if (roll_back(s)) {
      return s.plan;
    } else if (is_scaling_event(s)) {
      scale_proportionally(s);
    } else if (d.spec.strategy.type == "Recreate") {
      rolling = true;
      bool down = false, old_left = observed.old_pods_running;
      for (const auto& set : s.old) {
        down |= size_of(*set) > 0;
        old_left |= set->status.replicas > 0;
        scale_to(s, set, 0);
      }
      if (!down && !old_left && !ensure_new_set(s, true) && s.fresh) {
        scale_to(s, s.fresh, s.replicas);
        if (is_complete(s, d.status)) clean_history(s);
      }
    } else {
      rolling = true;
      if (!ensure_new_set(s, true) && s.fresh && !roll(s) && is_complete(s, d.status)) clean_history(s);
    }
  }
  count_status(s);
  if (rolling) judge_progress(s);
  if (!codec::equal(s.next, d)) s.plan.status = std::move(s.next);
  return s.plan;
}

}  // namespace mizzen::controllers::deployment
