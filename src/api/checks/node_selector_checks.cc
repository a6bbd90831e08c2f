#include "api/checks/node_selector_checks.h"

#include "api/checks/field_checks.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

void check_node_requirement(const NodeSelectorRequirement& r, bool values_too, const Path& at,
                            FieldErrors& errors) {
  const Path values = at.child("values");
  if (r.operator_ == "In" || r.operator_ == "NotIn") {
    if (r.values.empty()) errors.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (r.operator_ == "Exists" || r.operator_ == "DoesNotExist") {
    if (!r.values.empty())
      errors.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (r.operator_ == "Gt" || r.operator_ == "Lt") {
    if (r.values.size() != 1)
      errors.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else {
    errors.invalid(at.child("operator"), r.operator_, "not a valid selector operator");
  }
  check_messages(machinery::is_qualified_name(r.key), at.child("key"), r.key, errors);
  for (size_t i = 0; values_too && i < r.values.size(); ++i)
    check_messages(machinery::is_valid_label_value(r.values[i]), values.index(i), r.values[i], errors);
}

void check_node_field(const NodeSelectorRequirement& r, const Path& at, FieldErrors& errors) {
  if (r.operator_ == "In" || r.operator_ == "NotIn") {
    if (r.values.size() != 1)
      errors.required(at.child("values"),
                      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  } else {
    errors.invalid(at.child("operator"), r.operator_, "not a valid selector operator");
  }
  if (r.key != "metadata.name")
    return errors.invalid(at.child("key"), r.key, "not a valid field selector key");
  for (size_t i = 0; i < r.values.size(); ++i)
    check_subdomain(r.values[i], at.child("values").index(i), errors);
}

}  // namespace

void check_node_term(const NodeSelectorTerm& term, bool values_too, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < term.matchExpressions.size(); ++i)
    check_node_requirement(term.matchExpressions[i], values_too, at.child("matchExpressions").index(i),
                           errors);
  for (size_t i = 0; i < term.matchFields.size(); ++i)
    check_node_field(term.matchFields[i], at.child("matchFields").index(i), errors);
}

void check_node_selector(const NodeSelector& selector, const Path& at, FieldErrors& errors) {
  const Path terms = at.child("nodeSelectorTerms");
  if (selector.nodeSelectorTerms.empty())
    return errors.required(terms, "must have at least one node selector term");
  for (size_t i = 0; i < selector.nodeSelectorTerms.size(); ++i)
    check_node_term(selector.nodeSelectorTerms[i], true, terms.index(i), errors);
}

}  // namespace mizzen::api
