#include "apiserver/subresources/scale.h"

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/core/v1/replication_controller.h"
#include "apiserver/request/names.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {
namespace {

using machinery::MutableObject;
using Scale = api::autoscaling::v1::Scale;

/// Reads or writes what a Scale shows of a workload. `replicas` null: read only.
template <typename T>
void scale_fields(T& object, Scale& scale, const int32_t* replicas) {
  if (replicas) object.spec.replicas = *replicas;
  scale.spec.replicas = object.spec.replicas.value_or(0);
  scale.status.replicas = object.status.replicas;
  scale.metadata.name = object.metadata.name;
  scale.metadata.namespace_ = object.metadata.namespace_;
  scale.metadata.uid = object.metadata.uid;
  scale.metadata.resourceVersion = object.metadata.resourceVersion;
  scale.metadata.creationTimestamp = object.metadata.creationTimestamp;
  if constexpr (std::is_same_v<T, api::core::v1::ReplicationController>) {
    scale.status.selector = machinery::LabelSelector::from_pairs(object.spec.selector).str();
  } else if (object.spec.selector) {
    const auto selector = machinery::LabelSelector::from(*object.spec.selector);
    if (selector.ok()) scale.status.selector = selector->str();
  }
}

bool with_scale(MutableObject& object, Scale& scale, const int32_t* replicas) {
  if (auto* d = object.as<api::apps::v1::Deployment>()) return scale_fields(*d, scale, replicas), true;
  if (auto* r = object.as<api::apps::v1::ReplicaSet>()) return scale_fields(*r, scale, replicas), true;
  if (auto* c = object.as<api::core::v1::ReplicationController>())
    return scale_fields(*c, scale, replicas), true;
  return false;
}

Result<Object> scale_of(const Object& workload) {
  MutableObject object(workload);
  Scale scale;
  if (!with_scale(object, scale, nullptr)) return no_such_resource();
  return Object::of(std::move(scale));
}

Result<void> match_names(const RequestContext& context, const Scale& scale) {
  meta::v1::ObjectMeta meta = scale.metadata;
  MZ_TRY(match_name(context, meta));
  return match_namespace(context, meta);
}

/// The workload with the scale that `wanted` asks for.
Result<MutableObject> scaled(const Object& workload, const Scale& wanted) {
  MutableObject next(workload);
  if (wanted.spec.replicas < 0) {
    machinery::FieldErrors errors;
    errors.invalid(machinery::Path("spec").child("replicas"), wanted.spec.replicas,
                   "must be greater than or equal to 0");
    return errors.to_error("autoscaling", "Scale", next.meta().name);
  }
  Scale present;
  if (!with_scale(next, present, &wanted.spec.replicas)) return no_such_resource();
  if (!wanted.metadata.uid.empty()) next.meta().uid = wanted.metadata.uid;
  next.meta().resourceVersion = wanted.metadata.resourceVersion;
  return next;
}

}  // namespace

void scale_workload(Core& core, const PartRequest& request, PartDone done) {
  const RequestContextPtr& context = request.context;
  const StorePtr workloads = core.find(*context->resource);
  if (!workloads) return done(no_such_resource());
  if (context->verb == api::Verb::Get) {
    const auto entry = workloads->get(context->namespace_, context->name, context->deadline);
    return done(entry.ok() ? scale_of((*entry)->object()) : Result<Object>(entry.error()));
  }
  if (!request.change && !request.object.as<Scale>())
    return done(Error(Code::BadRequest, "a scale update takes a Scale"));
  if (const Scale* sent = request.object.as<Scale>())
    if (const auto r = match_names(*context, *sent); !r.ok()) return done(r.error());
  // A patch is admitted as what it was asked for; what it comes to is known only on the present state.
  admit_part(core, request, admission::Operation::Update, done,
             [workloads, request, done](const Object& admitted) {
               const auto change = [request, admitted](const Entry& old) -> Result<MutableObject> {
                 const Object workload = old.object();
                 if (!request.change) return scaled(workload, *admitted.as<Scale>());
                 MZ_ASSIGN(const Object present, scale_of(workload));
                 MZ_ASSIGN(const Object wanted, request.change(present));
                 MZ_TRY(match_names(*request.context, *wanted.as<Scale>()));
                 return scaled(workload, *wanted.as<Scale>());
               };
               UpdateOptions options;
               options.admit = false;
               workloads->update(request.context, request.context->namespace_, request.context->name, change,
                                 options, [done](Result<Updated> r) {
                                   done(r.ok() ? scale_of(r->entry->object()) : Result<Object>(r.error()));
                                 });
             });
}

}  // namespace mizzen::apiserver
