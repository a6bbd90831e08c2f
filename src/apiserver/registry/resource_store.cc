#include "apiserver/registry/resource_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/object_meta_checks.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using machinery::FieldErrors;
using machinery::MutableObject;

constexpr int kGenerateTries = 8;
constexpr size_t kGeneratedBaseMax = 58;

ErrorDetails details_of(const api::ResourceInfo& r, std::string_view name) {
  ErrorDetails out;
  out.name = name;
  out.group = r.group();
  out.kind = r.plural;
  return out;
}

void drop_duplicate_owners(meta::v1::ObjectMeta& meta, const WriteContext& context) {
  auto& refs = meta.ownerReferences;
  for (size_t i = 0; i < refs.size(); ++i) {
    const bool twice = std::any_of(refs.begin(), refs.begin() + static_cast<ptrdiff_t>(i),
                                   [&](const auto& other) { return codec::equal(other, refs[i]); });
    if (!twice) continue;
    if (context.warnings)
      context.warnings->push_back(
          fmt::format(".metadata.ownerReferences contains duplicate entries; API server dedups owner "
                      "references in 1.20+, and may reject such "
                      "requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
                      refs[i].uid));
    refs.erase(refs.begin() + static_cast<ptrdiff_t>(i--));
  }
}

}  // namespace

Error ResourceStore::not_found(std::string_view name) const {
  return Error(Code::NotFound, fmt::format("{} {} not found", resource().qualified(), quote(name)),
               details_of(resource(), name));
}
Error ResourceStore::already_exists(std::string_view name) const {
  return Error(Code::AlreadyExists, fmt::format("{} {} already exists", resource().qualified(), quote(name)),
               details_of(resource(), name));
}
Error ResourceStore::conflict(std::string_view name, std::string_view why) const {
  return Error(
      Code::Conflict,
      fmt::format("Operation cannot be fulfilled on {} {}: {}", resource().qualified(), quote(name), why),
      details_of(resource(), name));
}
Error ResourceStore::invalid(const FieldErrors& errors, const MutableObject& object) const {
  return errors.to_error(resource().group(), resource().kind, object.meta().name);
}

Result<EntryPtr> ResourceStore::get(const std::string& ns, const std::string& name, Deadline deadline) {
  MZ_ASSIGN(const store::Revision now, deps_.store.current_revision(deadline));
  MZ_TRY(deps_.cache.wait_for(now.get(), deadline));
  EntryPtr entry = deps_.cache.find(entry_key(ns, name));
  if (!entry) return not_found(name);
  return entry;
}

Result<EntryPtr> ResourceStore::fresh(const std::string& key, const std::string& name, Deadline deadline) {
  const Monotonic since = deps_.clock.monotonic();
  MZ_ASSIGN(const auto got,
            timed(StoreMetrics::Op::Get, since, deps_.store.get(storage_prefix(resource()) + key, deadline)));
  if (!got.kv) return not_found(name);
  const int64_t revision = got.kv->mod_revision.get();
  MZ_ASSIGN(Object object, decode_stored(resource(), store::view(got.kv->value), revision));
  return EntryPtr(
      std::make_shared<Entry>(resource(), key, revision, std::move(object), deps_.cache.companions()));
}

Result<EntryPtr> ResourceStore::commit(const std::string& key, int64_t expected, MutableObject object,
                                       const WriteContext& context) {
  object.meta().resourceVersion.clear();
  const std::string path = storage_prefix(resource()) + key;
  store::Bytes bytes = store::make_bytes(encode_stored(resource(), object));
  const Object frozen = std::move(object).freeze();
  store::Txn txn;
  txn.compares.push_back(store::Compare::unchanged(path, store::Revision(expected)));
  txn.success.push_back(store::Op::put(path, bytes));
  if (resource().plural == "events") {
    MZ_ASSIGN(txn.success[0].lease, event_lease(context.deadline));
  }
  const auto prepared = deps_.cache.prepare(bytes, frozen);
  const Monotonic since = deps_.clock.monotonic();
  MZ_ASSIGN(const auto done, timed(expected == 0 ? StoreMetrics::Op::Create : StoreMetrics::Op::Update, since,
                                   deps_.store.txn(std::move(txn), context.deadline)));
  if (!done.succeeded) return EntryPtr();
  const int64_t revision = done.revision.get();
  if (EntryPtr cached = deps_.cache.find(key); cached && cached->revision() == revision) return cached;
  MutableObject made(frozen);
  made.meta().resourceVersion = std::to_string(revision);
  return EntryPtr(
      std::make_shared<Entry>(resource(), key, revision, std::move(made).freeze(), deps_.cache.companions()));
}

Result<store::LeaseId> ResourceStore::event_lease(Deadline deadline) {
  Lock lock(lease_m_);
  if (lease_.get() != 0 && deps_.clock.monotonic() < lease_until_) return lease_;
  MZ_ASSIGN(lease_, deps_.store.grant(kEventTtl + kLeaseReuse, deadline));
  lease_until_ = deps_.clock.monotonic() + kLeaseReuse;
  return lease_;
}

Result<EntryPtr> ResourceStore::create(MutableObject object, const WriteContext& context) {
  auto& meta = object.meta();
  const std::string rv = meta.resourceVersion;
  meta.creationTimestamp = codec::Time::from(deps_.clock.wall());
  meta.uid = uuid(deps_.random);
  meta.deletionTimestamp.reset();
  meta.deletionGracePeriodSeconds.reset();
  meta.selfLink.clear();
  drop_duplicate_owners(meta, context);
  resource().strategy->set_defaults(object.get(), context.api_version);
  if (deps_.admit) MZ_TRY(deps_.admit(resource(), object, nullptr, context));
  drop_duplicate_owners(meta, context);
  const bool generated = meta.name.empty() && !meta.generateName.empty();
  resource().strategy->prepare_create(object.get());

  for (int attempt = 1;; ++attempt) {
    if (generated) meta.name = meta.generateName.substr(0, kGeneratedBaseMax) + safe_suffix(deps_.random, 5);
    FieldErrors errors;
    api::check_object_meta(meta, resource(), errors);
    resource().strategy->validate_create(object.get(), errors);
    resource().strategy->validate_version(object.get(), nullptr, context.api_version, errors);
    if (!errors.empty()) return invalid(errors, object);
    if (!rv.empty())
      return Error(Code::InternalError, "resourceVersion should not be set on objects to be created");
    if (context.warnings)
      for (std::string& w : resource().strategy->warnings(object.get(), nullptr))
        context.warnings->push_back(std::move(w));
    std::shared_ptr<void> held;
    if (deps_.allocate) {
      MZ_ASSIGN(held, deps_.allocate(resource(), object, nullptr, context));
    }
    const std::string key = entry_key(resource().namespaced ? meta.namespace_ : "", meta.name);
    if (context.dry_run) {
      if (const EntryPtr there = deps_.cache.find(key); there && !generated) return already_exists(meta.name);
      return EntryPtr(
          std::make_shared<Entry>(resource(), key, 0, std::move(object).freeze(), deps_.cache.companions()));
    }
    MZ_ASSIGN(EntryPtr made, commit(key, 0, object.clone(), context));
    if (made) return made;
    if (generated && attempt < kGenerateTries) continue;
    const EntryPtr there = deps_.cache.find(key);
    if (there && there->object().meta().deletionTimestamp) {
      const Error plain = already_exists(meta.name);
      return Error(Code::AlreadyExists, "object is being deleted: " + plain.message(), plain.details());
    }
    if (generated) {
      const Error plain = already_exists(meta.name);
      ErrorDetails details = plain.details();
      details.retry_after_seconds = 1;
      return Error(Code::AlreadyExists,
                   plain.message() + ", the server was not able to generate a unique name for the object",
                   std::move(details));
    }
    return already_exists(meta.name);
  }
}

Result<MutableObject> ResourceStore::next_state(const Entry& old_entry, const Change& change,
                                                const UpdateOptions& options, const WriteContext& context,
                                                std::shared_ptr<void>& held) {
  const Object old = old_entry.object();
  const auto& old_meta = old.meta();
  MZ_ASSIGN(MutableObject next, change(old_entry));
  auto& meta = next.meta();
  if (!meta.uid.empty() && meta.uid != old_meta.uid) {
    return conflict(old_meta.name,
                    fmt::format("StorageError: invalid object, Code: 4, Key: {}{}, ResourceVersion: 0, "
                                "AdditionalErrorMsg: Precondition failed: "
                                "UID in precondition: {}, UID in object meta: {}",
                                storage_prefix(resource()), old_entry.key(), meta.uid, old_meta.uid));
  }
  if (!meta.resourceVersion.empty() && meta.resourceVersion != "0") {
    if (meta.resourceVersion != old_meta.resourceVersion)
      return conflict(
          old_meta.name,
          "the object has been modified; please apply your changes to the latest version and try again");
  } else if (!resource().strategy->allow_unconditional_update()) {
    FieldErrors errors;
    errors.invalid(machinery::Path("metadata").child("resourceVersion"), int64_t{0},
                   "must be specified for an update");
    return errors.to_error("", resource().qualified(), old_meta.name);
  }
  resource().strategy->set_defaults(next.get(), context.api_version);
  if (deps_.admit) MZ_TRY(deps_.admit(resource(), next, &old_entry, context));
  drop_duplicate_owners(meta, context);
  // What no request may change.
  meta.generation = old_meta.generation;
  meta.creationTimestamp = old_meta.creationTimestamp;
  meta.deletionTimestamp = old_meta.deletionTimestamp;
  if (!meta.deletionGracePeriodSeconds) meta.deletionGracePeriodSeconds = old_meta.deletionGracePeriodSeconds;
  if (meta.uid.empty()) meta.uid = old_meta.uid;
  meta.selfLink.clear();
  const api::Strategy& strategy = *resource().strategy;
  FieldErrors errors;
  if (options.kind == UpdateKind::Status) {
    if (!options.raw) strategy.prepare_status_update(next.get(), old.get());
    api::check_object_meta_update(meta, old_meta, errors);
    strategy.validate_status_update(next.get(), old.get(), errors);
  } else if (!options.raw) {
    strategy.prepare_update(next.get(), old.get());
    api::check_object_meta(meta, resource(), errors);
    api::check_object_meta_update(meta, old_meta, errors);
    strategy.validate_update(next.get(), old.get(), errors);
    strategy.validate_version(next.get(), old.get(), context.api_version, errors);
    if (context.warnings)
      for (std::string& w : strategy.warnings(next.get(), old.get()))
        context.warnings->push_back(std::move(w));
  }
  if (!errors.empty()) return invalid(errors, next);
  if (deps_.allocate && options.kind == UpdateKind::Main && !options.raw) {
    MZ_ASSIGN(held, deps_.allocate(resource(), next, &old_entry, context));
  }
  meta.resourceVersion = old_meta.resourceVersion;
  return next;
}

Result<EntryPtr> ResourceStore::update(const std::string& ns, const std::string& name, const Change& change,
                                       const UpdateOptions& options, const WriteContext& context) {
  const std::string key = entry_key(ns, name);
  EntryPtr old = deps_.cache.find(key);
  if (!old) {
    auto got = fresh(key, name, context.deadline);
    if (!got.ok() && got.error().code() == Code::NotFound && options.create_instead) {
      MZ_ASSIGN(MutableObject object, options.create_instead());
      if (options.created) *options.created = true;
      return create(std::move(object), context);
    }
    MZ_ASSIGN(old, std::move(got));
  }
  for (bool first = true;; first = false) {
    std::shared_ptr<void> held;
    auto made = next_state(*old, change, options, context, held);
    if (!made.ok()) {
      // What was refused against the cache may be right against the store: the cache can be a moment behind.
      if (!first) return made.error();
      MZ_ASSIGN(EntryPtr newest, fresh(key, name, context.deadline));
      if (newest->revision() == old->revision()) return made.error();
      old = std::move(newest);
      continue;
    }
    const Object before = old->object();
    const auto& meta = made->meta();
    bool finished = before.meta().deletionTimestamp && meta.finalizers.empty() &&
                    before.meta().deletionGracePeriodSeconds.value_or(0) == 0;
    if (finished) {  // a namespace has finalizers of its own in its spec
      MutableObject probe = made->clone();
      finished = !resource().strategy->begin_deletion(probe.get());
    }
    if (context.dry_run)
      return EntryPtr(std::make_shared<Entry>(resource(), key, old->revision(), std::move(*made).freeze(),
                                              deps_.cache.companions()));
    if (finished) {
      int64_t revision = 0;
      MZ_ASSIGN(const bool gone, commit_delete(key, old->revision(), revision, context));
      if (gone) {
        made->meta().resourceVersion = std::to_string(revision);
        return EntryPtr(std::make_shared<Entry>(resource(), key, revision, std::move(*made).freeze(),
                                                deps_.cache.companions()));
      }
    } else {
      if (codec::equal(made->message(), made->get(), before.get())) {
        // Nothing to write, as long as the cache told the truth.
        MZ_ASSIGN(const EntryPtr newest, fresh(key, name, context.deadline));
        if (newest->revision() == old->revision()) return old;
        old = newest;
        continue;
      }
      MZ_ASSIGN(EntryPtr written, commit(key, old->revision(), std::move(*made), context));
      if (written) return written;
    }
    if (context.deadline.expired())
      return Error(Code::Timeout,
                   "Timeout: request did not complete within requested timeout - context deadline exceeded");
    MZ_ASSIGN(old, fresh(key, name, context.deadline));
  }
}

Result<bool> ResourceStore::commit_delete(const std::string& key, int64_t expected, int64_t& revision,
                                          const WriteContext& context) {
  const std::string path = storage_prefix(resource()) + key;
  store::Txn txn;
  txn.compares.push_back(store::Compare::unchanged(path, store::Revision(expected)));
  txn.success.push_back(store::Op::del(path));
  const Monotonic since = deps_.clock.monotonic();
  MZ_ASSIGN(const auto done,
            timed(StoreMetrics::Op::Delete, since, deps_.store.txn(std::move(txn), context.deadline)));
  revision = done.revision.get();
  return done.succeeded;
}

EntryPtr ResourceStore::as_deleted(const Entry& old, int64_t revision) const {
  MutableObject last(old.object());
  last.meta().resourceVersion = std::to_string(revision);
  return std::make_shared<Entry>(resource(), old.key(), revision, std::move(last).freeze(),
                                 deps_.cache.companions());
}

}  // namespace mizzen::apiserver
