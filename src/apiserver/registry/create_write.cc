#include "apiserver/registry/create_write.h"

#include "api/checks/object_meta_checks.h"
#include "machinery/errors/go_number.h"

namespace mizzen::apiserver {
namespace {

using machinery::FieldErrors;
using machinery::MutableObject;

constexpr int kGenerateTries = 8;
/// Claims are random among what is free: losing this often means that there is next to nothing.
constexpr int kClaimTries = 64;
constexpr size_t kGeneratedBaseMax = 58;

}  // namespace

ResourceStore::CreateWrite::CreateWrite(ResourceStore& store, RequestContextPtr context, MutableObject object,
                                        Done<EntryPtr> done)
    : store_(store.shared_from_this()),
      s_(store),
      context_(std::move(context)),
      object_(std::move(object)),
      done_(std::move(done)) {}

void ResourceStore::create(RequestContextPtr context, MutableObject object, Done<EntryPtr> done) {
  std::make_shared<CreateWrite>(*this, std::move(context), std::move(object), std::move(done))->start();
}

void ResourceStore::CreateWrite::end(Result<EntryPtr> result) { done_(std::move(result)); }

void ResourceStore::CreateWrite::start() {
  auto& meta = object_.meta();
  // What is no number is no version either.
  const auto version = machinery::go_uint(meta.resourceVersion);
  asks_for_version_ = version.ok() && *version != 0;
  meta.creationTimestamp = codec::Time::from(s_.deps_.clock.wall());
  meta.uid = uuid(s_.deps_.random);
  meta.deletionTimestamp.reset();
  meta.deletionGracePeriodSeconds.reset();
  meta.selfLink.clear();
  drop_duplicate_owners(meta, *context_, false);
  s_.resource().strategy->set_defaults(object_.get(), context_->api_version);
  s_.resource().strategy->stamp(object_.get(), nullptr, meta.creationTimestamp);
  namespace_ = meta.namespace_;
  name_ = meta.name;
  attributes_.emplace(admission::Attributes{
      admission::Operation::Create, *context_, s_.resource(), "", namespace_, name_, &object_, {}});
  s_.deps_.admission.mutate(*attributes_, [self = shared_from_this()](Result<void> admitted) {
    if (!admitted.ok()) return self->end(admitted.error());
    auto& m = self->object_.meta();
    drop_duplicate_owners(m, *self->context_, true);
    self->generated_ = m.name.empty() && !m.generateName.empty();
    self->s_.resource().strategy->prepare_create(self->object_.get());
    self->attempt();
  });
}

void ResourceStore::CreateWrite::attempt() {
  ++tries_;
  const api::ResourceInfo& resource = s_.resource();
  const api::Strategy& strategy = *resource.strategy;
  auto& meta = object_.meta();
  if (generated_)
    meta.name = meta.generateName.substr(0, kGeneratedBaseMax) + safe_suffix(s_.deps_.random, 5);
  FieldErrors errors;
  api::check_object_meta(meta, resource, errors);
  strategy.validate_create(object_.get(), errors);
  strategy.validate_version(object_.get(), nullptr, context_->api_version, errors);
  if (!errors.empty()) return end(s_.invalid(errors, object_));
  if (asks_for_version_ && !context_->dry_run)
    return end(Error(Code::Unknown, "resourceVersion should not be set on objects to be created"));
  key_ = entry_key(resource.namespaced ? meta.namespace_ : "", meta.name);
  if (tries_ > 1) return allocate_and_commit();
  for (std::string& w : strategy.warnings(object_.get(), nullptr)) context_->warnings.push_back(std::move(w));
  s_.deps_.admission.validate(*attributes_, [self = shared_from_this()](Result<void> admitted) {
    if (!admitted.ok()) return self->end(admitted.error());
    self->allocate_and_commit();
  });
}

void ResourceStore::CreateWrite::allocate_and_commit() {
  // What is given out goes into a copy where a lost claim or name may mean to begin again.
  const bool once = !generated_ && !s_.deps_.allocator;
  MutableObject next = once ? std::move(object_) : object_.clone();
  Claims claims;
  if (s_.deps_.allocator) {
    auto given = s_.deps_.allocator->allocate(next, {});
    if (!given.ok()) return end(given.error());
    claims = std::move(*given);
  }
  if (context_->dry_run) {
    if (const EntryPtr there = s_.deps_.cache->find(key_); there && !generated_)
      return end(s_.already_exists(there->name()));
    return end(s_.make_entry(key_, 0, std::move(next)));
  }
  s_.commit(*context_, key_, 0, std::move(next), std::move(claims),
            [self = shared_from_this()](Result<Committed> result) { self->committed(std::move(result)); });
}

void ResourceStore::CreateWrite::committed(Result<Committed> result) {
  if (!result.ok()) return end(result.error());
  if (result->entry) return end(result->entry);
  const bool name_taken = result->found.has_value();
  const bool again =
      name_taken ? generated_ && tries_ < kGenerateTries : result->lost_claims && tries_ < kClaimTries;
  if (again) {
    if (context_->deadline.expired()) return end(s_.timed_out());
    if (!s_.deps_.retry.again(1, [self = shared_from_this()] { self->attempt(); })) end(s_.too_busy());
    return;
  }
  end(taken());
}

Error ResourceStore::CreateWrite::taken() const {
  const EntryPtr there = s_.deps_.cache->find(key_);
  const std::string name(key_.substr(key_.find('/') + 1));
  const Error plain = s_.already_exists(name);
  if (there && there->object().meta().deletionTimestamp)
    return Error(Code::AlreadyExists, "object is being deleted: " + plain.message(), plain.details());
  if (!generated_) return plain;
  ErrorDetails details = plain.details();
  details.retry_after_seconds = 1;
  return Error(Code::AlreadyExists,
               plain.message() + ", the server was not able to generate a unique name for the object",
               std::move(details));
}

}  // namespace mizzen::apiserver
