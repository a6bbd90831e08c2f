#include "api/kinds/apps/controller_revision/controller_revision_strategy.h"

#include "api/schema/apps/v1/controller_revision.h"
#include "base/strings.h"
#include "machinery/object/object.h"

namespace mizzen::api {
namespace {

using apps::v1::ControllerRevision;
using machinery::FieldErrors;
using machinery::Path;

class ControllerRevisionStrategy final : public TypedStrategy<ControllerRevision> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void check_create(const ControllerRevision& r, FieldErrors& errors) const override {
    if (r.data.empty() || r.data.text == "null") {
      errors.required(Path("data"), "data is mandatory");
    } else if (r.data.text[0] != '{') {
      errors.required(Path("data"), "data must be a valid JSON object");
    }
    if (r.revision < 0) errors.invalid(Path("revision"), r.revision, "must be greater than or equal to 0");
  }
  void check_update(const ControllerRevision& r, const ControllerRevision& old,
                    FieldErrors& errors) const override {
    check_create(r, errors);
    if (!(r.data == old.data)) errors.invalid(Path("data"), "", "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Controller", "string", "", "What it is a revision of."},
            {"Revision", "string", "", "Its number."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const ControllerRevision& r, WallTime now) const override {
    std::string owner = "<none>";
    if (const auto* ref = machinery::controller_of(r.metadata)) {
      const size_t slash = ref->apiVersion.find('/');
      owner = to_lower(ref->kind) +
              (slash == std::string::npos ? "" : "." + ref->apiVersion.substr(0, slash)) + "/" + ref->name;
    }
    return {cell(r.metadata.name), cell(owner), cell(r.revision),
            age_cell(r.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& controller_revision_strategy() {
  static const ControllerRevisionStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
