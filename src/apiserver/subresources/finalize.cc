#include "apiserver/subresources/finalize.h"

#include "api/schema/core/v1/namespace.h"
#include "apiserver/request/names.h"
#include "machinery/errors/field_errors.h"
#include "machinery/names/names.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Namespace;
using machinery::MutableObject;

Result<MutableObject> finalized(const Entry& old, const Namespace& asked) {
  MutableObject next(old.object());
  next.as<Namespace>()->spec.finalizers = asked.spec.finalizers;
  next.meta().resourceVersion = asked.metadata.resourceVersion;
  if (!asked.metadata.uid.empty()) next.meta().uid = asked.metadata.uid;
  return next;
}

Result<void> check(const Namespace& asked) {
  machinery::FieldErrors errors;
  const machinery::Path at = machinery::Path("spec").child("finalizers");
  for (size_t i = 0; i < asked.spec.finalizers.size(); ++i) {
    const std::string& f = asked.spec.finalizers[i];
    for (const std::string& m : machinery::is_qualified_name(f)) errors.invalid(at.index(i), f, m);
    for (const std::string& m : machinery::is_finalizer(f)) errors.invalid(at.index(i), f, m);
  }
  if (!errors.empty()) return errors.to_error("", "Namespace", asked.metadata.name);
  return {};
}

/// The update has taken the namespace away already, unless it had nothing to write.
void remove_finished(Core& core, const RequestContextPtr& context, const EntryPtr& entry, PartDone done) {
  const auto ns = entry->object().share<Namespace>();
  if (!ns->metadata.deletionTimestamp || !ns->spec.finalizers.empty() || !ns->metadata.finalizers.empty())
    return done(entry->object());
  const auto namespaces = core.store_of<Namespace>();
  if (!namespaces.ok()) return done(namespaces.error());
  (*namespaces)->remove(context, "", context->name, {}, false, [entry, done](Result<Deletion> gone) {
    if (!gone.ok() && gone.error().code() != Code::NotFound) return done(gone.error());
    done(gone.ok() ? gone->entry->object() : entry->object());
  });
}

}  // namespace

void finalize_namespace(Core& core, const PartRequest& request, PartDone done) {
  const auto* sent = request.object.as<Namespace>();
  if (!sent) return done(Error(Code::BadRequest, "finalize takes a Namespace"));
  if (const auto r = match_name(*request.context, sent->metadata); !r.ok()) return done(r.error());
  if (const auto r = check(*sent); !r.ok()) return done(r.error());
  admit_part(core, request, admission::Operation::Update, done,
             [&core, context = request.context, done](const Object& admitted) {
               const auto asked = admitted.share<Namespace>();
               UpdateOptions options;
               options.raw = true;
               options.admit = false;
               const auto namespaces = core.store_of<Namespace>();
               if (!namespaces.ok()) return done(namespaces.error());
               (*namespaces)
                   ->update(
                       context, "", context->name,
                       [asked](const Entry& old) { return finalized(old, *asked); }, options,
                       [&core, context, done](Result<Updated> r) {
                         if (!r.ok()) return done(r.error());
                         // Not on the committing thread: it may decode, and write again.
                         const auto go_on = [&core, context, entry = r->entry, done] {
                           remove_finished(core, context, entry, done);
                         };
                         if (!core.retry().soon(go_on)) done(r->entry->object());
                       });
             });
}

}  // namespace mizzen::apiserver
