#include "apiserver/subresources/parts.h"

#include "api/registry/kinds.h"
#include "apiserver/subresources/binding.h"
#include "apiserver/subresources/eviction.h"
#include "apiserver/subresources/finalize.h"
#include "apiserver/subresources/reviews.h"
#include "apiserver/subresources/scale.h"
#include "apiserver/subresources/token_request.h"
#include "base/check.h"

namespace mizzen::apiserver {

void answer_part(Core& core, const PartRequest& request, PartDone done) {
  const api::SubresourceRow& row = *request.context->subresource;
  if (!row.allows(request.context->verb)) return done(no_such_method());
  switch (row.id) {
    case api::Subresource::Binding:
      return bind_pod(core, request, std::move(done));
    case api::Subresource::Eviction:
      return evict_pod(core, request, std::move(done));
    case api::Subresource::Finalize:
      return finalize_namespace(core, request, std::move(done));
    case api::Subresource::Scale:
      return scale_workload(core, request, std::move(done));
    case api::Subresource::Token:
      return issue_token(core, request, std::move(done));
    case api::Subresource::TokenReview:
      return review_token(core, request, std::move(done));
    case api::Subresource::SelfSubjectReview:
      return review_self(core, request, std::move(done));
    case api::Subresource::Status:
    case api::Subresource::EphemeralContainers:
    case api::Subresource::Log:
    case api::Subresource::Exec:
    case api::Subresource::Attach:
    case api::Subresource::PortForward:
    case api::Subresource::Proxy:
      break;
  }
  done(no_such_resource());
}

const codec::Message& part_message(const api::ResourceInfo& resource, const api::SubresourceRow& row) {
  if (row.kind.empty()) return resource.message();
  const codec::Message* message = api::find_schema_kind(row.api_version, row.kind);
  MZ_CHECK(message, "{} takes a {} {}, which the schema has", row.name, row.api_version, row.kind);
  return *message;
}

}  // namespace mizzen::apiserver
