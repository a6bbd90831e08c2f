#include "apiserver/registry/resource_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/owner_references.h"
#include "base/check.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using machinery::FieldErrors;
using machinery::MutableObject;

/// New objects of one minute share a lease; it lasts as much longer.
constexpr std::chrono::seconds kLeaseReuse{60};

ErrorDetails details_of(const api::ResourceInfo& r, std::string_view name) {
  ErrorDetails out;
  out.name = name;
  out.group = r.group();
  out.kind = r.plural;
  return out;
}

/// The transaction of a write: what must hold, what is done, and on failure what to look at: the object, what
/// was to be taken, the fence.
store::Txn transaction(std::string path, int64_t expected, store::Op op, Claims claims,
                       const std::string& fence) {
  store::Txn txn;
  txn.compares.push_back(store::Compare::unchanged(path, store::Revision(expected)));
  txn.failure.push_back(store::Op::get(path));
  txn.success.push_back(std::move(op));
  const store::Bytes owner = claims.take.empty() ? nullptr : store::make_bytes(std::move(claims.owner));
  for (std::string& key : claims.release) txn.success.push_back(store::Op::del(std::move(key)));
  for (std::string& key : claims.take) {
    txn.compares.push_back(store::Compare::absent(key));
    txn.failure.push_back(store::Op::get(key));
    txn.success.push_back(store::Op::put(std::move(key), owner));
  }
  if (!fence.empty()) {
    txn.compares.push_back(store::Compare::exists(fence));
    txn.failure.push_back(store::Op::get(fence));
  }
  return txn;
}

}  // namespace

ResourceStore::ResourceStore(Deps deps) : deps_(deps), prefix_(storage_prefix(deps_.cache->resource())) {}

void ResourceStore::stop(const Error& why) {
  why_stopped_.store(std::make_shared<const Error>(why));
  stopped_.store(true, std::memory_order_release);
  deps_.cache->stop(why);
}

Error no_such_resource() {
  return Error(Code::NotFound, "the server could not find the requested resource", {.shown = true});
}
Error no_such_method() {
  return Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource",
               {.shown = true});
}

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
Error ResourceStore::timed_out() const {
  return Error(Code::Timeout,
               "Timeout: request did not complete within requested timeout - context deadline exceeded");
}

Error ResourceStore::too_busy() const {
  ErrorDetails details;
  details.retry_after_seconds = 1;
  return Error(Code::TooManyRequests, "Too many requests, please try again later.", std::move(details));
}

Result<EntryPtr> ResourceStore::get(const std::string& ns, const std::string& name, Deadline deadline) {
  MZ_ASSIGN(const store::Revision now, deps_.store.current_revision(deadline));
  MZ_TRY(deps_.cache->wait_for(now.get(), deadline));
  EntryPtr entry = deps_.cache->find(entry_key(ns, name));
  if (!entry) return not_found(name);
  return entry;
}

Result<EntryPtr> ResourceStore::fresh(const std::string& ns, const std::string& name, Deadline deadline) {
  return read(entry_key(ns, name), name, deadline);
}

Result<EntryPtr> ResourceStore::read(const std::string& key, std::string_view name, Deadline deadline) const {
  const Monotonic since = deps_.clock.monotonic();
  const auto got = deps_.store.get(path(key), deadline);
  if (deps_.metrics) deps_.metrics->record(StoreMetrics::Op::Get, !got.ok(), deps_.clock.monotonic() - since);
  if (!got.ok()) return got.error();
  if (!got->kv) return not_found(name);
  return decode(key, *got->kv);
}

void ResourceStore::newest(const std::string& key, const std::string& name, Deadline deadline,
                           Done<EntryPtr> done) {
  const auto look = [this, key, name]() -> Result<EntryPtr> {
    EntryPtr entry = deps_.cache->find(key);
    if (!entry) return not_found(name);
    return entry;
  };
  if (!deps_.store.local()) {
    if (!deps_.retry.soon([this, key, name, deadline, done] { done(read(key, name, deadline)); }))
      done(too_busy());
    return;
  }
  const auto now = deps_.store.current_revision(deadline);
  if (!now.ok()) return done(now.error());
  if (deps_.cache->has_reached(now->get())) return done(look());
  deps_.cache->when_reached(
      now->get(), deadline, [this, look, done, token = deps_.in_flight.begin()](const Result<void>& reached) {
        // Whoever tells it is committing.
        auto go_on = [look, done, reached] { reached.ok() ? done(look()) : done(reached.error()); };
        if (!deps_.retry.soon(std::move(go_on))) done(too_busy());
      });
}

Result<EntryPtr> ResourceStore::decode(const std::string& key, const store::KeyValue& kv) const {
  const int64_t revision = kv.mod_revision.get();
  MZ_ASSIGN(Object object, decode_stored(resource(), store::view(kv.value), revision));
  return Entry::encode(deps_.cache->home(), key, revision, std::move(object));
}

EntryPtr ResourceStore::make_entry(const std::string& key, int64_t revision, MutableObject object) const {
  object.meta().resourceVersion = revision == 0 ? "" : std::to_string(revision);
  return Entry::encode(deps_.cache->home(), key, revision, std::move(object).freeze());
}

EntryPtr ResourceStore::last_state(const Deletion& deletion) const {
  if (!deletion.gone || deletion.revision == 0) return deletion.entry;
  return deletion.entry->at(deletion.revision);
}

void ResourceStore::commit(const RequestContext& context, const std::string& key, int64_t expected,
                           std::optional<MutableObject> object, Claims claims, Done<Committed> done) {
  MZ_CHECK(object || expected != 0, "{}: only what is there can be deleted", key);
  if (stopped_.load(std::memory_order_acquire)) return done(*why_stopped_.load());
  std::string at = path(key);
  store::Op op = store::Op::del(at);
  store::Bytes bytes;
  std::shared_ptr<void> prepared;
  if (object) {
    object->meta().resourceVersion.clear();
    bytes = store::make_bytes(encode_stored(resource(), *object));
    op = store::Op::put(at, bytes);
    if (const auto ttl = resource().strategy->ttl()) {
      auto lease = ttl_lease(*ttl, context.deadline);
      if (!lease.ok()) return done(lease.error());
      op.lease = *lease;
    }
    prepared = deps_.cache->prepare(bytes, std::move(*object));
  }
  std::vector<std::string> taken = claims.take;
  const auto kind = !bytes          ? StoreMetrics::Op::Delete
                    : expected == 0 ? StoreMetrics::Op::Create
                                    : StoreMetrics::Op::Update;
  const Monotonic since = deps_.clock.monotonic();
  const bool fenced = !context.fence.empty();
  deps_.store.submit(
      transaction(std::move(at), expected, std::move(op), std::move(claims), context.fence), context.deadline,
      [this, key, bytes, prepared, kind, since, expected, fenced, token = deps_.in_flight.begin(),
       taken = std::move(taken), done = std::move(done)](Result<store::TxnResult> result) {
        if (deps_.metrics) deps_.metrics->record(kind, !result.ok(), deps_.clock.monotonic() - since);
        if (!result.ok()) return done(result.error());
        Committed out;
        if (!result->succeeded) {
          MZ_CHECK(result->results.size() == taken.size() + (fenced ? 2 : 1), "every key was looked at");
          if (fenced && !result->results.back().kv)
            return done(Error(Code::ServiceUnavailable, "another leads: nothing has been written"));
          out.found = std::move(result->results[0].kv);
          std::vector<std::string> lost;
          for (size_t i = 0; i < taken.size(); ++i)
            if (result->results[i + 1].kv) lost.push_back(taken[i]);
          out.lost_claims = !lost.empty();
          if (out.lost_claims) deps_.allocator->lost(lost);
          return done(std::move(out));
        }
        out.revision = result->revision.get();
        MZ_CHECK(out.revision > expected, "{} is written at {} on what stood at {}", key, out.revision,
                 expected);
        if (bytes) out.entry = deps_.cache->written(key, out.revision, bytes);
        done(std::move(out));
      });
}

Result<store::LeaseId> ResourceStore::ttl_lease(std::chrono::seconds ttl, Deadline deadline) {
  Lock lock(lease_m_);
  if (lease_.get() != 0 && deps_.clock.monotonic() < lease_until_) return lease_;
  MZ_ASSIGN(lease_, deps_.store.grant(ttl + kLeaseReuse, deadline));
  lease_until_ = deps_.clock.monotonic() + kLeaseReuse;
  return lease_;
}

void ResourceStore::drop_duplicate_owners(meta::v1::ObjectMeta& meta, RequestContext& context,
                                          bool admitted) {
  const std::vector<std::string> gone = api::drop_duplicate_owners(meta);
  if (gone.empty()) return;
  context.warnings.push_back(fmt::format(
      ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references "
      "in 1.20+, and may reject such requests as early as 1.24; please fix your requests; "
      "duplicate UID(s) observed: {}",
      admitted ? " after mutating admission happens" : "", join(gone, ", ")));
}

}  // namespace mizzen::apiserver
