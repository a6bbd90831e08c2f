#include "api/kinds/resource/resource_claim/resource_claim_strategy.h"

#include "api/go_text/go_object.h"
#include "api/kinds/resource/claim_spec.h"
#include "api/kinds/resource/resource_claim/claim_status.h"
#include "api/strategy/status_meta.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using resource::v1::ResourceClaim;

std::string state(const ResourceClaim& c) {
  const bool deleted = c.metadata.deletionTimestamp.has_value();
  if (!c.status.allocation) return deleted ? "deleted" : "pending";
  return std::string(deleted ? "deleted," : "") + "allocated" +
         (c.status.reservedFor.empty() ? "" : ",reserved");
}

class ResourceClaimStrategy final : public TypedStrategy<ResourceClaim> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(ResourceClaim& c, std::string_view) const override { set_claim_defaults(c.spec); }
  void before_create(ResourceClaim& c) const override { c.status = {}; }
  void check_create(const ResourceClaim& c, FieldErrors& errors) const override {
    check_claim_spec(c.spec, Path("spec"), errors);
  }
  void before_update(ResourceClaim& c, const ResourceClaim& old) const override { c.status = old.status; }
  void check_update(const ResourceClaim& c, const ResourceClaim& old, FieldErrors& errors) const override {
    check_immutable(c.spec, old.spec, Path("spec"), errors);
  }
  void before_status_update(ResourceClaim& c, const ResourceClaim& old) const override {
    c.spec = old.spec;
    keep_meta(c.metadata, old.metadata);
    drop_deallocated(c.status, old.status);
  }
  void check_status_update(const ResourceClaim& c, const ResourceClaim& old,
                           FieldErrors& errors) const override {
    check_claim_status(c, old, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"State", "string", "", "Whether it is pending, allocated, reserved, deleted."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const ResourceClaim& c, WallTime now) const override {
    return {cell(c.metadata.name), cell(state(c)), age_cell(c.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& resource_claim_strategy() {
  static const ResourceClaimStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
