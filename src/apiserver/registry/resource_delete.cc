#include <fmt/format.h>

#include <algorithm>

#include "apiserver/registry/resource_store.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using machinery::MutableObject;

void erase_finalizer(meta::v1::ObjectMeta& meta, std::string_view name) { std::erase(meta.finalizers, name); }
void add_finalizer(meta::v1::ObjectMeta& meta, std::string_view name) {
  if (std::find(meta.finalizers.begin(), meta.finalizers.end(), name) == meta.finalizers.end())
    meta.finalizers.emplace_back(name);
}

/// Upstream's order: what the request says, else the finalizers there are, else the kind's default.
void set_dependents_finalizers(meta::v1::ObjectMeta& meta, const meta::v1::DeleteOptions& options,
                               const api::Strategy& strategy) {
  const std::string policy = options.propagationPolicy.value_or("");
  bool orphan = false, foreground = false;
  if (options.orphanDependents) {
    orphan = *options.orphanDependents;
  } else if (policy == "Orphan") {
    orphan = true;
  } else if (policy == "Foreground") {
    foreground = true;
  } else if (policy != "Background") {
    const auto has = [&](std::string_view f) {
      return std::find(meta.finalizers.begin(), meta.finalizers.end(), f) != meta.finalizers.end();
    };
    if (has("orphan") || has("foregroundDeletion")) return;
    orphan = strategy.orphans_by_default();
  }
  erase_finalizer(meta, "orphan");
  erase_finalizer(meta, "foregroundDeletion");
  if (orphan) add_finalizer(meta, "orphan");
  if (foreground) add_finalizer(meta, "foregroundDeletion");
}

}  // namespace

Result<void> check_preconditions(const api::ResourceInfo& r, const meta::v1::ObjectMeta& meta,
                                 const meta::v1::DeleteOptions& options) {
  if (!options.preconditions) return {};
  const auto fail = [&](const std::string& why) {
    ErrorDetails details;
    details.name = meta.name;
    details.group = r.group();
    details.kind = r.plural;
    return Error(Code::Conflict,
                 fmt::format("Operation cannot be fulfilled on {} {}: {}", r.kind, quote(meta.name), why),
                 std::move(details));
  };
  if (const auto& uid = options.preconditions->uid; uid && *uid != meta.uid)
    return fail(
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object "
                    "might have been deleted and then recreated",
                    *uid, meta.uid));
  if (const auto& rv = options.preconditions->resourceVersion; rv && *rv != meta.resourceVersion)
    return fail(
        fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in "
                    "record ({}). The object might have been modified",
                    *rv, meta.resourceVersion));
  return {};
}

Result<Deletion> ResourceStore::remove(const std::string& ns, const std::string& name,
                                       const meta::v1::DeleteOptions& options, const WriteContext& context) {
  const std::string key = entry_key(ns, name);
  EntryPtr old = deps_.cache.find(key);
  if (!old) {
    MZ_ASSIGN(old, fresh(key, name, context.deadline));
  }
  for (bool first = true;; first = false) {
    if (!first) {
      MZ_ASSIGN(old, fresh(key, name, context.deadline));
    }
    const Object before = old->object();
    if (const auto r = check_preconditions(resource(), before.meta(), options); !r.ok()) {
      if (!first) return r.error();
      continue;  // once more against the store itself
    }
    MutableObject next(before);
    auto& meta = next.meta();
    set_dependents_finalizers(meta, options, *resource().strategy);
    std::optional<int64_t> asked = options.gracePeriodSeconds;
    if (asked && *asked < 0) asked = 1;
    const auto grace = resource().strategy->grace_period(before.get(), asked);
    const int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(deps_.clock.wall().time_since_epoch()).count();

    bool wait = false;  // stays, terminating
    if (grace) {
      if (meta.deletionTimestamp) {
        // Pending already: only a shorter grace is taken.
        const int64_t present = meta.deletionGracePeriodSeconds.value_or(0);
        if (asked && *asked < present && present != 0) {
          const int64_t requested_at = meta.deletionTimestamp->seconds - present;
          int64_t left = std::max<int64_t>(0, requested_at + *grace - now);
          meta.deletionTimestamp = codec::Time{now + left, 0};
          meta.deletionGracePeriodSeconds = *grace == 0 ? 0 : std::max<int64_t>(1, *grace);
          wait = *grace != 0;
        } else {
          wait = present != 0;
        }
      } else if (*grace > 0) {
        meta.deletionTimestamp = codec::Time{now + *grace, 0};
        meta.deletionGracePeriodSeconds = *grace;
        if (meta.generation > 0) ++meta.generation;
        wait = true;
      }
    }
    const bool kept = resource().strategy->begin_deletion(next.get());
    if (!wait && (kept || !meta.finalizers.empty())) {
      if (!meta.deletionTimestamp) {
        meta.deletionTimestamp = codec::Time{now, 0};
        if (meta.generation > 0) ++meta.generation;
      }
      if (!grace || meta.deletionGracePeriodSeconds.value_or(1) != 0) meta.deletionGracePeriodSeconds = 0;
      wait = true;
    }
    if (context.dry_run) return Deletion{old, !wait, true};
    if (wait) {
      if (codec::equal(next.message(), next.get(), before.get())) return Deletion{old, false, false};
      MZ_ASSIGN(EntryPtr written, commit(key, old->revision(), std::move(next), context));
      if (written) return Deletion{written, false, true};
    } else {
      int64_t revision = 0;
      MZ_ASSIGN(const bool gone, commit_delete(key, old->revision(), revision, context));
      if (gone) return Deletion{as_deleted(*old, revision), true, true};
    }
    if (context.deadline.expired())
      return Error(Code::Timeout,
                   "Timeout: request did not complete within requested timeout - context deadline exceeded");
  }
}

}  // namespace mizzen::apiserver
