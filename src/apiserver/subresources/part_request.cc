#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {
namespace {

/// Keeps what admission looks at where it is.
struct Asked {
  RequestContextPtr context;
  machinery::MutableObject object;
  std::optional<admission::Attributes> attributes;
};

}  // namespace

void admit_part(Core& core, const PartRequest& request, admission::Operation operation, PartDone done,
                std::function<void(Object)> next) {
  const auto asked = std::make_shared<Asked>();
  asked->context = request.context;
  if (request.object) asked->object = machinery::MutableObject(request.object);
  RequestContext& context = *asked->context;
  asked->attributes.emplace(admission::Attributes{operation,
                                                  context,
                                                  *context.resource,
                                                  context.subresource->name,
                                                  context.namespace_,
                                                  context.name,
                                                  request.object ? &asked->object : nullptr,
                                                  {}});
  core.admission().mutate(*asked->attributes, [&core, asked, done, next](Result<void> admitted) {
    if (!admitted.ok()) return done(admitted.error());
    core.admission().validate(*asked->attributes, [asked, done, next](Result<void> valid) {
      if (!valid.ok()) return done(valid.error());
      next(asked->object ? std::move(asked->object).freeze() : Object());
    });
  });
}

}  // namespace mizzen::apiserver
