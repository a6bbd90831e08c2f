#include "api/kinds/core/namespace/namespace_strategy.h"

#include <algorithm>

#include "api/checks/field_checks.h"
#include "api/schema/core/v1/namespace.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::Namespace;
using machinery::FieldErrors;
using machinery::Path;

class NamespaceStrategy final : public TypedStrategy<Namespace> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  bool returns_deleted() const override { return true; }
  machinery::Messages check_name(std::string_view name) const override {
    return machinery::is_dns1123_label(name);
  }
  void defaults(Namespace& ns, std::string_view) const override {
    if (ns.status.phase.empty()) ns.status.phase = "Active";
    if (!ns.metadata.name.empty()) ns.metadata.labels.set("kubernetes.io/metadata.name", ns.metadata.name);
  }
  void before_create(Namespace& ns) const override {
    ns.status = {};
    ns.status.phase = "Active";
    if (std::find(ns.spec.finalizers.begin(), ns.spec.finalizers.end(), "kubernetes") ==
        ns.spec.finalizers.end())
      ns.spec.finalizers.emplace_back("kubernetes");
    if (!ns.metadata.name.empty()) ns.metadata.labels.set("kubernetes.io/metadata.name", ns.metadata.name);
  }
  void before_update(Namespace& ns, const Namespace& old) const override {
    ns.spec.finalizers = old.spec.finalizers;
    ns.status = old.status;
  }
  void before_status_update(Namespace& ns, const Namespace& old) const override { ns.spec = old.spec; }
  void check_create(const Namespace& ns, FieldErrors& errors) const override {
    for (const std::string& f : ns.spec.finalizers) {
      check_messages(machinery::is_qualified_name(f), Path("spec").child("finalizers"), f, errors);
      check_messages(machinery::is_finalizer(f), Path("spec").child("finalizers"), f, errors);
    }
  }
  void check_status_update(const Namespace& ns, const Namespace&, FieldErrors& errors) const override {
    const Path phase = Path("status").child("Phase");  // as upstream spells it
    if (!ns.metadata.deletionTimestamp && ns.status.phase != "Active")
      errors.invalid(phase, ns.status.phase, "may only be 'Active' if `deletionTimestamp` is empty");
    if (ns.metadata.deletionTimestamp && ns.status.phase != "Terminating")
      errors.invalid(phase, ns.status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
  bool begin_deletion(void* object) const override {
    Namespace& ns = *static_cast<Namespace*>(object);
    ns.status.phase = "Terminating";
    return !ns.spec.finalizers.empty();
  }
  void fields_of(const Namespace& ns, FieldValues& f) const override {
    f.set("status.phase", ns.status.phase);
  }
  bool is_selectable(std::string_view f) const override { return f == "status.phase"; }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the namespace."},
            {"Status", "string", "", "Active, or Terminating while it is emptied."},
            {"Age", "string", "", "How long ago the namespace was created."}};
  }
  TableCells row(const Namespace& ns, WallTime now) const override {
    return {cell(ns.metadata.name), cell(ns.status.phase), age_cell(ns.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& namespace_strategy() {
  static const NamespaceStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
