#include "apiserver/subresources/binding.h"

#include <fmt/format.h>

#include "api/schema/core/v1/binding.h"
#include "api/schema/core/v1/pod.h"
#include "apiserver/request/names.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Binding;
using api::core::v1::Pod;
using machinery::MutableObject;

Error binding_conflict(const std::string& name, std::string_view why) {
  ErrorDetails details;
  details.name = name;
  details.kind = "pods/binding";
  return Error(Code::Conflict,
               fmt::format("Operation cannot be fulfilled on pods/binding {}: {}", quote(name), why),
               std::move(details));
}

void set_scheduled(std::vector<api::core::v1::PodCondition>& conditions, codec::Time now) {
  constexpr std::string_view kType = "PodScheduled";
  for (auto& c : conditions) {
    if (c.type != kType) continue;
    if (c.status != "True") c.lastTransitionTime = now;
    c.status = "True";
    c.reason.clear();
    c.message.clear();
    return;
  }
  auto& c = conditions.emplace_back();
  c.type = kType;
  c.status = "True";
  c.lastTransitionTime = now;
}

Result<void> check(const Binding& binding) {
  machinery::FieldErrors errors;
  const machinery::Path target("target");
  if (!binding.target.kind.empty() && binding.target.kind != "Node")
    errors.not_supported(target.child("kind"), binding.target.kind, {"Node", "<empty>"});
  if (binding.target.name.empty()) errors.required(target.child("name"), "");
  if (!errors.empty()) return Error(Code::Unknown, errors.text());
  return {};
}

Result<MutableObject> bound(const Entry& old, const Binding& binding, codec::Time now) {
  const std::string& name = binding.metadata.name;
  MutableObject next(old.object());
  Pod& pod = *next.as<Pod>();
  if (!binding.metadata.uid.empty() && binding.metadata.uid != pod.metadata.uid)
    return binding_conflict(
        name, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                          binding.metadata.uid, pod.metadata.uid));
  if (pod.metadata.deletionTimestamp)
    return binding_conflict(name, fmt::format("pod {} is being deleted, cannot be assigned to a host", name));
  if (!pod.spec.nodeName.empty())
    return binding_conflict(
        name, fmt::format("pod {} is already assigned to node {}", name, quote(pod.spec.nodeName)));
  if (!pod.spec.schedulingGates.empty())
    return binding_conflict(name, fmt::format("pod {} has non-empty .spec.schedulingGates", name));
  pod.spec.nodeName = binding.target.name;
  for (const auto& [key, value] : binding.metadata.annotations) pod.metadata.annotations.set(key, value);
  set_scheduled(pod.status.conditions, now);
  pod.status.nominatedNodeName.clear();  // it was where the pod might go
  return next;
}

/// What was sent, with the namespace from the URL where it leaves it out. BadRequest where they differ.
Result<Binding> read(const PartRequest& request) {
  const auto* sent = request.object.as<Binding>();
  if (!sent) return Error(Code::BadRequest, "a binding takes a Binding");
  const RequestContext& context = *request.context;
  Binding out = *sent;
  MZ_TRY(match_namespace(context, out.metadata));
  if (context.name.empty() && out.metadata.name.empty())
    return Error(Code::BadRequest, "Name parameter required.");
  if (!context.name.empty() && out.metadata.name != context.name)
    return Error(Code::BadRequest, "name in URL does not match name in Binding object");
  return out;
}

}  // namespace

void bind_pod(Core& core, const PartRequest& request, PartDone done) {
  auto binding = read(request);
  if (!binding.ok()) return done(binding.error());
  if (const auto r = check(*binding); !r.ok()) return done(r.error());
  PartRequest asked = request;
  asked.object = Object::of(std::move(*binding));
  admit_part(core, asked, admission::Operation::Create, done,
             [&core, context = request.context, done](const Object& admitted) {
               const auto wanted = admitted.share<Binding>();
               const codec::Time now = codec::Time::from(core.clock().wall());
               UpdateOptions options;
               options.raw = true;
               options.admit = false;
               const auto pods = core.store_of<Pod>();
               if (!pods.ok()) return done(pods.error());
               (*pods)->update(
                   context, wanted->metadata.namespace_, wanted->metadata.name,
                   [wanted, now](const Entry& old) { return bound(old, *wanted, now); }, options,
                   [done](Result<Updated> r) { r.ok() ? done(Object()) : done(r.error()); });
             });
}

}  // namespace mizzen::apiserver
