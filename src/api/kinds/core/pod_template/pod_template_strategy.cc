#include "api/kinds/core/pod_template/pod_template_strategy.h"

#include "api/kinds/core/pod/disabled_fields.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/schema/core/v1/pod_template.h"
#include "api/table/texts.h"

namespace mizzen::api {
namespace {

using core::v1::PodTemplate;
using machinery::FieldErrors;
using machinery::Path;

class PodTemplateStrategy final : public TypedStrategy<PodTemplate> {
 public:
  bool returns_deleted() const override { return true; }
  void defaults(PodTemplate& t, std::string_view) const override { default_pod_spec(t.template_.spec); }
  void before_create(PodTemplate& t) const override {
    t.metadata.generation = 1;
    drop_disabled_fields(t.template_.spec, nullptr);
  }
  void before_update(PodTemplate& t, const PodTemplate& old) const override {
    drop_disabled_fields(t.template_.spec, &old.template_.spec);
  }
  void check_create(const PodTemplate& t, FieldErrors& errors) const override {
    check_pod_template(t.template_, Path("template"), errors);
  }
  void check_update(const PodTemplate& t, const PodTemplate&, FieldErrors& errors) const override {
    check_create(t, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name must be unique within a namespace."},
            {"Containers", "string", "", "Names of the containers."},
            {"Images", "string", "", "Images of the containers."},
            {"Pod Labels", "string", "", "Labels of the pods made from it."}};
  }
  TableCells row(const PodTemplate& t, WallTime) const override {
    return {cell(t.metadata.name), cell(container_names(t.template_.spec.containers)),
            cell(container_images(t.template_.spec.containers)),
            cell(labels_text(t.template_.metadata.labels))};
  }
};

}  // namespace

const Strategy& pod_template_strategy() {
  static const PodTemplateStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
