#include "api/kinds/resource/resource_claim_template/resource_claim_template_strategy.h"

#include "api/checks/template_meta_checks.h"
#include "api/go_text/go_object.h"
#include "api/kinds/resource/claim_spec.h"
#include "api/schema/resource/v1/resource_claim_template.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using resource::v1::ResourceClaimTemplate;

class ResourceClaimTemplateStrategy final : public TypedStrategy<ResourceClaimTemplate> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(ResourceClaimTemplate& t, std::string_view) const override {
    set_claim_defaults(t.spec.spec);
  }
  void check_create(const ResourceClaimTemplate& t, FieldErrors& errors) const override {
    const Path at("spec");
    check_template_meta(t.spec.metadata, at.child("metadata"), errors);
    check_claim_spec(t.spec.spec, at.child("spec"), errors);
  }
  void check_update(const ResourceClaimTemplate& t, const ResourceClaimTemplate& old,
                    FieldErrors& errors) const override {
    check_create(t, errors);
    check_immutable(t.spec, old.spec, Path("spec"), errors);
  }
};

}  // namespace

const Strategy& resource_claim_template_strategy() {
  static const ResourceClaimTemplateStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
