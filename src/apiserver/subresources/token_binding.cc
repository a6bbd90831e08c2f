#include "apiserver/subresources/token_binding.h"

#include <fmt/format.h>

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "base/strings.h"

namespace mizzen::apiserver {

namespace v1 = api::core::v1;
using api::authentication::v1::BoundObjectReference;

Error uid_conflict(std::string_view group, std::string_view kind, const std::string& name, std::string why) {
  ErrorDetails details;
  details.name = name;
  details.group = group;
  details.kind = kind;
  const std::string qualified = group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
  return Error(Code::Conflict,
               fmt::format("Operation cannot be fulfilled on {} {}: {}", qualified, quote(name), why),
               std::move(details));
}

namespace {

/// "GROUP/VERSION, Kind=KIND", as Go prints what an apiVersion and a kind name.
std::string printed_kind(const BoundObjectReference& reference) {
  const std::string& version = reference.apiVersion;
  const size_t slash = version.find('/');
  if (slash == std::string::npos) return fmt::format("/{}, Kind={}", version, reference.kind);
  if (version.find('/', slash + 1) != std::string::npos) return fmt::format("/, Kind={}", reference.kind);
  return fmt::format("{}, Kind={}", version, reference.kind);
}

Result<void> bind_to_pod(Core& core, const RequestContext& context, const std::string& name,
                         auth::TokenClaims& claims) {
  MZ_ASSIGN(const auto pod, core.newest<v1::Pod>(context.namespace_, name, context.deadline));
  if (pod->spec.serviceAccountName != context.name)
    return Error(Code::BadRequest,
                 fmt::format("cannot bind token for serviceaccount {} to pod running with different "
                             "serviceaccount name.",
                             quote(context.name)));
  claims.pod = {pod->metadata.name, pod->metadata.uid};
  if (pod->spec.nodeName.empty()) return {};
  claims.node = {pod->spec.nodeName, ""};
  const auto node = core.newest<v1::Node>("", pod->spec.nodeName, context.deadline);
  if (node.ok()) {
    claims.node->uid = (*node)->metadata.uid;
  } else if (node.error().code() != Code::NotFound) {
    return node.error();
  }
  return {};
}

}  // namespace

Result<void> bind_token(Core& core, const RequestContext& context, const BoundObjectReference& reference,
                        auth::TokenClaims& claims) {
  const std::string& version = reference.apiVersion;
  const bool core_group = version.find('/') == std::string::npos ||
                          version.starts_with('/');  // whatever the version, as upstream
  const std::string& kind = reference.kind;
  const std::string* uid = nullptr;
  if (core_group && kind == "Pod") {
    MZ_TRY(bind_to_pod(core, context, reference.name, claims));
    uid = &claims.pod->uid;
  } else if (core_group && kind == "Node") {
    MZ_ASSIGN(const auto node, core.newest<v1::Node>("", reference.name, context.deadline));
    claims.node = {node->metadata.name, node->metadata.uid};
    uid = &claims.node->uid;
  } else if (core_group && kind == "Secret") {
    MZ_ASSIGN(const auto secret,
              core.newest<v1::Secret>(context.namespace_, reference.name, context.deadline));
    claims.secret = {secret->metadata.name, secret->metadata.uid};
    uid = &claims.secret->uid;
  } else {
    return Error(Code::BadRequest,
                 fmt::format("cannot bind token to object of type {}", printed_kind(reference)));
  }
  if (!reference.uid.empty() && reference.uid != *uid)
    return uid_conflict(
        "", kind, reference.name,
        fmt::format("the UID in the bound object reference ({}) does not match the UID in record. "
                    "The object might have been deleted and then recreated",
                    reference.uid));
  return {};
}

}  // namespace mizzen::apiserver
