#include "apiserver/request/names.h"

#include <fmt/format.h>

namespace mizzen::apiserver {

Result<void> match_name(const auth::RequestContext& context, const meta::v1::ObjectMeta& meta) {
  if (meta.name.empty())
    return Error(
        Code::BadRequest,
        fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided",
                    context.name));
  if (meta.name != context.name)
    return Error(Code::BadRequest,
                 fmt::format("the name of the object ({}) does not match the name on the URL ({})", meta.name,
                             context.name));
  return {};
}

Result<void> match_namespace(const auth::RequestContext& context, meta::v1::ObjectMeta& meta) {
  if (!context.resource->namespaced) {
    meta.namespace_.clear();
    return {};
  }
  if (meta.namespace_.empty()) meta.namespace_ = context.namespace_;
  if (meta.namespace_ != context.namespace_)
    return Error(Code::BadRequest,
                 "the namespace of the provided object does not match the namespace sent on the request");
  return {};
}

}  // namespace mizzen::apiserver
