#include "apiserver/registry/update_write.h"

#include <fmt/format.h>

#include "api/checks/object_meta_checks.h"
#include "apiserver/entry/stored.h"
#include "base/check.h"
#include "machinery/errors/go_number.h"

namespace mizzen::apiserver {

using machinery::FieldErrors;
using machinery::MutableObject;

ResourceStore::UpdateWrite::UpdateWrite(ResourceStore& store, RequestContextPtr context,
                                        const std::string& ns, const std::string& name, NextState change,
                                        UpdateOptions options, Done<Updated> done)
    : store_(store.shared_from_this()),
      s_(store),
      context_(std::move(context)),
      namespace_(ns),
      name_(name),
      key_(entry_key(ns, name)),
      change_(std::move(change)),
      options_(std::move(options)),
      done_(std::move(done)),
      warnings_(context_->warnings.size()) {}

void ResourceStore::update(RequestContextPtr context, const std::string& ns, const std::string& name,
                           NextState change, UpdateOptions options, Done<Updated> done) {
  std::make_shared<UpdateWrite>(*this, std::move(context), ns, name, std::move(change), std::move(options),
                                std::move(done))
      ->start();
}

void ResourceStore::UpdateWrite::start() {
  old_ = s_.deps_.cache->find(key_);
  if (old_) return evaluate();
  s_.newest(key_, name_, context_->deadline,
            [self = shared_from_this()](Result<EntryPtr> got) { self->begin(std::move(got)); });
}

void ResourceStore::UpdateWrite::begin(Result<EntryPtr> got) {
  if (!got.ok() && got.error().code() == Code::NotFound && options_.create_instead) {
    auto object = options_.create_instead();
    if (!object.ok()) return end(object.error());
    auto& meta = object->meta();
    if (!meta.uid.empty()) return end(other_uid(meta.uid, ""));
    if (!meta.resourceVersion.empty())
      if (const auto version = machinery::go_uint(meta.resourceVersion); !version.ok())
        return end(version.error());
    meta.resourceVersion.clear();  // of the one that is gone
    return s_.create(context_, std::move(*object), [self = shared_from_this()](Result<EntryPtr> made) {
      if (!made.ok()) return self->end(made.error());
      self->end(Updated{*made, true});
    });
  }
  if (!got.ok()) return end(got.error());
  old_ = std::move(*got);
  from_cache_ = false;
  evaluate();
}

void ResourceStore::UpdateWrite::look_again(std::function<void()> unchanged) {
  MZ_CHECK(old_, "{} is looked at again before the first time", key_);
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

void ResourceStore::UpdateWrite::refused(const Error& error) {
  look_again([this, error] { end(error); });
}

Error ResourceStore::UpdateWrite::other_uid(std::string_view asked, std::string_view there) const {
  const std::string path = s_.path(key_);
  return s_.conflict(name_, fmt::format("StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, "
                                        "AdditionalErrorMsg: Precondition failed: "
                                        "UID in precondition: {}, UID in object meta: {}",
                                        path.substr(kStorageRoot.size()), asked, there));
}

Result<MutableObject> ResourceStore::UpdateWrite::changed() const {
  MZ_ASSIGN(MutableObject next, change_(*old_));
  const auto& old_meta = before_.meta();
  const auto& meta = next.meta();
  // To PUT an object is to ask for the one with this uid; a patch may not change it.
  if (context_->verb != api::Verb::Patch && !meta.uid.empty() && meta.uid != old_meta.uid)
    return other_uid(meta.uid, old_meta.uid);
  uint64_t version = 0;
  if (!meta.resourceVersion.empty()) {
    MZ_ASSIGN(version, machinery::go_uint(meta.resourceVersion));
  }
  if (version != 0) {
    if (meta.resourceVersion != old_meta.resourceVersion)
      return s_.conflict(
          old_meta.name,
          "the object has been modified; please apply your changes to the latest version and try again");
  } else if (!s_.resource().strategy->allow_unconditional_update()) {
    FieldErrors errors;
    errors.invalid(machinery::Path("metadata").child("resourceVersion"), int64_t{0},
                   "must be specified for an update");
    return errors.to_error("", s_.resource().qualified(), old_meta.name);
  }
  return next;
}

void ResourceStore::UpdateWrite::evaluate() {
  ++tries_;
  context_->warnings.resize(warnings_);
  before_ = old_->object();
  auto made = changed();
  if (!made.ok()) return refused(made.error());
  next_ = std::move(*made);
  drop_duplicate_owners(next_.meta(), *context_, context_->verb == api::Verb::Patch);
  s_.resource().strategy->set_defaults(next_.get(), context_->api_version);
  s_.resource().strategy->stamp(next_.get(), before_.get(), codec::Time::from(s_.deps_.clock.wall()));
  if (!options_.admit) return admitted();
  const std::string_view sub = options_.part ? api::subresource_row(*options_.part).name : "";
  attributes_.emplace(admission::Attributes{admission::Operation::Update, *context_, s_.resource(), sub,
                                            namespace_, name_, &next_, before_});
  s_.deps_.admission.mutate(*attributes_, [self = shared_from_this()](Result<void> admitted) {
    if (!admitted.ok()) return self->refused(admitted.error());
    self->admitted();
  });
}

void ResourceStore::UpdateWrite::admitted() {
  if (const auto r = check(); !r.ok()) return refused(r.error());
  if (!options_.admit) return finish();
  s_.deps_.admission.validate(*attributes_, [self = shared_from_this()](Result<void> admitted) {
    if (!admitted.ok()) return self->refused(admitted.error());
    self->finish();
  });
}

Result<void> ResourceStore::UpdateWrite::check() {
  const api::Strategy& strategy = *s_.resource().strategy;
  const auto& old_meta = before_.meta();
  auto& meta = next_.meta();
  drop_duplicate_owners(meta, *context_, true);
  // What no request may change, and what is left out.
  meta.generation = old_meta.generation;
  meta.creationTimestamp = old_meta.creationTimestamp;
  if (old_meta.deletionTimestamp) meta.deletionTimestamp = old_meta.deletionTimestamp;
  if (!meta.deletionGracePeriodSeconds) meta.deletionGracePeriodSeconds = old_meta.deletionGracePeriodSeconds;
  if (meta.uid.empty()) meta.uid = old_meta.uid;
  if (!s_.resource().namespaced) meta.namespace_.clear();
  meta.selfLink.clear();
  FieldErrors errors;
  if (options_.part) {
    if (!options_.raw) strategy.prepare_part_update(*options_.part, next_.get(), before_.get());
    api::check_object_meta_update(meta, old_meta, s_.resource(), errors);
    strategy.validate_part_update(*options_.part, next_.get(), before_.get(), errors);
  } else if (!options_.raw) {
    strategy.prepare_update(next_.get(), before_.get());
    api::check_object_meta_update(meta, old_meta, s_.resource(), errors);
    api::check_generated_name(meta, s_.resource(), errors);
    strategy.validate_update(next_.get(), before_.get(), errors);
    strategy.validate_version(next_.get(), before_.get(), context_->api_version, errors);
    for (std::string& w : strategy.warnings(next_.get(), before_.get()))
      context_->warnings.push_back(std::move(w));
  }
  if (!errors.empty()) return s_.invalid(errors, next_);
  return {};
}

bool ResourceStore::UpdateWrite::is_finished(const Object& before) const {
  if (!before.meta().deletionTimestamp || !next_.meta().finalizers.empty() ||
      before.meta().deletionGracePeriodSeconds.value_or(0) != 0)
    return false;
  MutableObject probe = next_.clone();  // a namespace has finalizers of its own in its spec
  return !s_.resource().strategy->begin_deletion(probe.get());
}

void ResourceStore::UpdateWrite::finish() {
  Claims claims;
  const bool finished = is_finished(before_);
  if (s_.deps_.allocator && finished) {
    claims = s_.deps_.allocator->release(before_);
  } else if (s_.deps_.allocator && !options_.part && !options_.raw) {
    auto given = s_.deps_.allocator->allocate(next_, before_);
    if (!given.ok()) return refused(given.error());
    claims = std::move(*given);
  }
  next_.meta().resourceVersion = before_.meta().resourceVersion;
  if (context_->dry_run) return end(s_.make_entry(key_, old_->revision(), std::move(next_)));
  if (!finished && codec::equal(next_.message(), next_.get(), before_.get())) {
    // Nothing to write, as long as the cache told the truth.
    return look_again([this] { end(old_); });
  }
  commit(std::move(claims), finished);
}

void ResourceStore::UpdateWrite::commit(Claims claims, bool deletes) {
  std::optional<MutableObject> object;
  if (!deletes) object.emplace(std::move(next_));
  s_.commit(*context_, key_, old_->revision(), std::move(object), std::move(claims),
            [self = shared_from_this(), deletes](Result<Committed> result) {
              self->committed(std::move(result), deletes);
            });
}

void ResourceStore::UpdateWrite::committed(Result<Committed> result, bool deletes) {
  if (!result.ok()) return end(result.error());
  if (result->entry) return end(result->entry);
  if (deletes && result->revision != 0) return end(s_.make_entry(key_, result->revision, std::move(next_)));
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
