#include "apiserver/registry/remove_write.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using machinery::MutableObject;

/// A hundred years: what is beyond would run over when times are added, or have no text.
constexpr int64_t kGraceMax = int64_t{100} * 365 * 24 * 3600;

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

ResourceStore::RemoveWrite::RemoveWrite(ResourceStore& store, RequestContextPtr context,
                                        const std::string& ns, const std::string& name,
                                        meta::v1::DeleteOptions options, Done<Deletion> done)
    : store_(store.shared_from_this()),
      s_(store),
      context_(std::move(context)),
      namespace_(ns),
      name_(name),
      key_(entry_key(ns, name)),
      options_(std::move(options)),
      done_(std::move(done)) {}

void ResourceStore::remove(RequestContextPtr context, const std::string& ns, const std::string& name,
                           meta::v1::DeleteOptions options, bool admit, Done<Deletion> done) {
  std::make_shared<RemoveWrite>(*this, std::move(context), ns, name, std::move(options), std::move(done))
      ->start(admit);
}

void ResourceStore::RemoveWrite::start(bool admit) {
  old_ = s_.deps_.cache->find(key_);
  if (old_) return begin(admit);
  s_.newest(key_, name_, context_->deadline, [self = shared_from_this(), admit](Result<EntryPtr> got) {
    if (!got.ok()) return self->end(got.error());
    self->old_ = std::move(*got);
    self->from_cache_ = false;
    self->begin(admit);
  });
}

void ResourceStore::RemoveWrite::begin(bool admit) {
  MZ_CHECK(old_, "{} is removed without having been looked at", key_);
  if (!admit) return evaluate();
  attributes_.emplace(admission::Attributes{admission::Operation::Delete, *context_, s_.resource(), "",
                                            namespace_, name_, nullptr, old_->object()});
  s_.deps_.admission.mutate(*attributes_, [self = shared_from_this()](Result<void> admitted) {
    if (!admitted.ok()) return self->end(admitted.error());
    self->s_.deps_.admission.validate(*self->attributes_, [self](Result<void> valid) {
      if (!valid.ok()) return self->end(valid.error());
      self->evaluate();
    });
  });
}

/// Pending already: only a shorter grace is taken. True where it goes on waiting.
bool ResourceStore::RemoveWrite::shorten_grace(meta::v1::ObjectMeta& meta, std::optional<int64_t> asked,
                                               int64_t grace, int64_t now) const {
  const int64_t present = meta.deletionGracePeriodSeconds.value_or(0);
  if (!asked || *asked >= present || present == 0) return present != 0;
  const int64_t requested_at = meta.deletionTimestamp->seconds - present;
  const int64_t left = std::max<int64_t>(0, requested_at + grace - now);
  meta.deletionTimestamp = codec::Time{now + left, 0};
  meta.deletionGracePeriodSeconds = grace == 0 ? 0 : std::max<int64_t>(1, grace);
  return grace != 0;
}

MutableObject ResourceStore::RemoveWrite::next_state(const Object& before, bool& stays) const {
  const api::Strategy& strategy = *s_.resource().strategy;
  MutableObject next(before);
  auto& meta = next.meta();
  set_dependents_finalizers(meta, options_, strategy);
  std::optional<int64_t> asked = options_.gracePeriodSeconds;
  if (asked && *asked < 0) asked = 1;
  if (asked) asked = std::min(*asked, kGraceMax);
  auto grace = strategy.grace_period(before.get(), asked);
  if (grace) grace = std::min(*grace, kGraceMax);
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(s_.deps_.clock.wall().time_since_epoch()).count();
  stays = false;
  if (grace && meta.deletionTimestamp) {
    stays = shorten_grace(meta, asked, *grace, now);
  } else if (grace && *grace > 0) {
    meta.deletionTimestamp = codec::Time{now + *grace, 0};
    meta.deletionGracePeriodSeconds = *grace;
    if (meta.generation > 0) ++meta.generation;
    stays = true;
  }
  const bool kept = strategy.begin_deletion(next.get());
  if (!stays && (kept || !meta.finalizers.empty())) {
    if (!meta.deletionTimestamp) {
      meta.deletionTimestamp = codec::Time{now, 0};
      if (meta.generation > 0) ++meta.generation;
    }
    if (!grace || meta.deletionGracePeriodSeconds.value_or(1) != 0) meta.deletionGracePeriodSeconds = 0;
    stays = true;
  }
  return next;
}

void ResourceStore::RemoveWrite::look_again(std::function<void()> unchanged) {
  if (!from_cache_) return unchanged();
  s_.newest(key_, name_, context_->deadline,
            [self = shared_from_this(), unchanged = std::move(unchanged)](Result<EntryPtr> newest) {
              if (!newest.ok()) return self->end(newest.error());
              self->from_cache_ = false;
              if ((*newest)->revision() == self->old_->revision()) return unchanged();
              self->old_ = std::move(*newest);
              self->evaluate();
            });
}

void ResourceStore::RemoveWrite::evaluate() {
  ++tries_;
  const Object before = old_->object();
  const auto met = check_preconditions(s_.resource(), before.meta(), options_);
  if (!met.ok()) return look_again([this, error = met.error()] { end(error); });
  bool stays = false;
  MutableObject next = next_state(before, stays);
  if (context_->dry_run)
    return end(Deletion{stays ? s_.make_entry(key_, old_->revision(), std::move(next)) : old_, !stays, true});
  if (stays && codec::equal(next.message(), next.get(), before.get())) {
    // Nothing to write, as long as the cache told the truth.
    return look_again([this] { end(Deletion{old_, false, false}); });
  }
  std::optional<MutableObject> object;
  Claims claims;
  if (stays) {
    object.emplace(std::move(next));
  } else if (s_.deps_.allocator) {
    claims = s_.deps_.allocator->release(before);
  }
  s_.commit(*context_, key_, old_->revision(), std::move(object), std::move(claims),
            [self = shared_from_this(), stays](Result<Committed> result) {
              self->committed(std::move(result), stays);
            });
}

void ResourceStore::RemoveWrite::committed(Result<Committed> result, bool stays) {
  if (!result.ok()) return end(result.error());
  if (stays && result->entry) return end(Deletion{result->entry, false, true});
  if (!stays && result->revision != 0) return end(Deletion{old_, true, true, result->revision});
  if (context_->deadline.expired()) return end(s_.timed_out());
  if (!result->found) return end(s_.not_found(name_));
  const bool again =
      s_.deps_.retry.again(tries_, [self = shared_from_this(), kv = std::move(*result->found)] {
        auto newest = self->s_.decode(self->key_, kv);
        if (!newest.ok()) return self->end(newest.error());
        self->old_ = std::move(*newest);
        self->from_cache_ = false;
        self->evaluate();
      });
  if (!again) end(s_.too_busy());
}

}  // namespace mizzen::apiserver
