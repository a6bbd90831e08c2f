#include "api/kinds/storage/storage_class/storage_class_strategy.h"

#include <map>
#include <set>

#include "api/checks/deprecated_labels.h"
#include "api/checks/field_checks.h"
#include "api/schema/storage/v1/storage_class.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::TopologySelectorTerm;
using machinery::FieldErrors;
using machinery::Path;
using storage::v1::StorageClass;

constexpr size_t kParametersMax = 512, kParameterBytesMax = 256 * 1024;
constexpr const char* kImmutable = "field is immutable";

void check_parameters(const codec::Map<std::string>& parameters, FieldErrors& errors) {
  const Path at("parameters");
  if (parameters.size() > kParametersMax) return errors.too_long(at, kParametersMax);
  size_t bytes = 0;
  for (const auto& [key, value] : parameters) {
    if (key.empty()) errors.invalid(at, key, "field can not be empty.");
    bytes += key.size() + value.size();
  }
  if (bytes > kParameterBytesMax) errors.too_long(at, kParameterBytesMax);
}

/// Values by label.
using Topology = std::map<std::string, std::set<std::string>>;

Topology check_term(const TopologySelectorTerm& term, const Path& at, FieldErrors& errors) {
  Topology out;
  for (size_t i = 0; i < term.matchLabelExpressions.size(); ++i) {
    const auto& e = term.matchLabelExpressions[i];
    const Path here = at.child("matchLabelExpressions").index(i), values = here.child("values");
    if (e.values.empty()) errors.required(values, "");
    std::set<std::string> seen;
    for (size_t k = 0; k < e.values.size(); ++k)
      if (!seen.insert(e.values[k]).second) errors.duplicate(values.index(k), e.values[k]);
    check_qualified_name(e.key, here.child("key"), errors);
    if (out.contains(e.key)) errors.duplicate(here.child("key"), e.key);
    out[e.key] = std::move(seen);
  }
  return out;
}

void check_topologies(const std::vector<TopologySelectorTerm>& terms, FieldErrors& errors) {
  const Path at("allowedTopologies");
  // Upstream looks for each among as many empty ones as there are terms, and those before it.
  std::vector<Topology> before(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) {
    Topology topology = check_term(terms[i], at.index(i), errors);
    for (const Topology& b : before)
      if (b == topology) errors.duplicate(at.index(i).child("matchLabelExpressions"), "");
    before.push_back(std::move(topology));
  }
}

bool is_default(const StorageClass& c) {
  return c.metadata.annotations.get("storageclass.kubernetes.io/is-default-class") == "true" ||
         c.metadata.annotations.get("storageclass.beta.kubernetes.io/is-default-class") == "true";
}

class StorageClassStrategy final : public TypedStrategy<StorageClass> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(StorageClass& c, std::string_view) const override {
    if (!c.reclaimPolicy) c.reclaimPolicy = "Delete";
    if (!c.volumeBindingMode) c.volumeBindingMode = "Immediate";
  }
  void check_create(const StorageClass& c, FieldErrors& errors) const override {
    if (c.provisioner.empty()) {
      errors.required(Path("provisioner"), "");
    } else {
      check_qualified_name(to_lower(c.provisioner), Path("provisioner"), errors);
    }
    check_parameters(c.parameters, errors);
    if (c.reclaimPolicy && !c.reclaimPolicy->empty())
      check_optional_of(c.reclaimPolicy, Path("reclaimPolicy"), {"Delete", "Retain"}, errors);
    check_optional_of(c.volumeBindingMode, Path("volumeBindingMode"), {"Immediate", "WaitForFirstConsumer"},
                      errors);
    check_topologies(c.allowedTopologies, errors);
  }
  void check_update(const StorageClass& c, const StorageClass& old, FieldErrors& errors) const override {
    check_create(c, errors);
    if (!(c.parameters == old.parameters))
      errors.invalid_raw(Path("parameters"), c.parameters.empty() ? "null" : labels_json(c.parameters),
                         kImmutable);
    if (c.provisioner != old.provisioner) errors.invalid(Path("provisioner"), c.provisioner, kImmutable);
    if (c.reclaimPolicy != old.reclaimPolicy)
      errors.invalid(Path("reclaimPolicy"), c.reclaimPolicy.value_or(""), kImmutable);
    if (c.volumeBindingMode != old.volumeBindingMode)
      errors.invalid(Path("volumeBindingMode"), c.volumeBindingMode.value_or(""), kImmutable);
  }
  std::vector<std::string> warn(const StorageClass& c, const StorageClass*) const override {
    std::vector<std::string> out;
    for (size_t i = 0; i < c.allowedTopologies.size(); ++i) {
      const auto& expressions = c.allowedTopologies[i].matchLabelExpressions;
      const Path here = Path("allowedTopologies").index(i).child("matchLabelExpressions");
      for (size_t k = 0; k < expressions.size(); ++k)
        if (const std::string_view text = deprecated_label(expressions[k].key); !text.empty())
          out.push_back(here.index(k).child("key").str() + ": " + std::string(text));
    }
    return out;
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Provisioner", "string", "", "Who makes volumes of this class."},
            {"ReclaimPolicy", "string", "", "What becomes of a volume whose claim is gone."},
            {"VolumeBindingMode", "string", "", "When claims are bound to volumes."},
            {"AllowVolumeExpansion", "string", "", "Whether volumes may grow."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const StorageClass& c, WallTime now) const override {
    return {cell(c.metadata.name + (is_default(c) ? " (default)" : "")),
            cell(c.provisioner),
            cell(c.reclaimPolicy.value_or("Delete")),
            cell(c.volumeBindingMode.value_or("Immediate")),
            c.allowVolumeExpansion.value_or(false) ? "true" : "false",
            age_cell(c.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& storage_class_strategy() {
  static const StorageClassStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
