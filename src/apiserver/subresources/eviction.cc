#include "apiserver/subresources/eviction.h"

#include "api/schema/core/v1/pod.h"
#include "api/schema/policy/v1/eviction.h"
#include "apiserver/request/names.h"
#include "apiserver/request/options.h"

namespace mizzen::apiserver {
namespace {
using api::policy::v1::Eviction;
}

void evict_pod(Core& core, const PartRequest& request, PartDone done) {
  const auto* sent = request.object.as<Eviction>();
  if (!sent) return done(Error(Code::BadRequest, "an eviction takes an Eviction"));
  RequestContext& context = *request.context;
  auto meta = sent->metadata;
  if (const auto r = match_namespace(context, meta); !r.ok()) return done(r.error());
  if (meta.name != context.name)
    return done(Error(Code::BadRequest, "name in URL does not match name in Eviction object"));
  const meta::v1::DeleteOptions options =
      sent->deleteOptions ? *sent->deleteOptions : meta::v1::DeleteOptions();
  if (const auto r = check_delete_options(options); !r.ok()) return done(r.error());
  context.dry_run |= !options.dryRun.empty();
  admit_part(core, request, admission::Operation::Create, done,
             [&core, context = request.context, options, done](const Object&) {
               const auto pods = core.store_of<api::core::v1::Pod>();
               if (!pods.ok()) return done(pods.error());
               (*pods)->remove(context, context->namespace_, context->name, options, false,
                               [done](Result<Deletion> r) { r.ok() ? done(Object()) : done(r.error()); });
             });
}

}  // namespace mizzen::apiserver
