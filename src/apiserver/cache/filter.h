#pragma once
#include <string>

#include "apiserver/entry/entry.h"

namespace mizzen::apiserver {

/// Which objects a list or watch is about.
struct Filter {
  std::string namespace_;  ///< empty: all
  std::string name;        ///< empty: all
  machinery::LabelSelector labels;
  machinery::FieldSelector fields;

  bool matches(const Entry& entry) const;
  /// True where the place alone decides: no selector looks into objects.
  bool by_place() const { return labels.empty() && fields.empty(); }
  bool trivial() const { return namespace_.empty() && name.empty() && by_place(); }
};

/// The filter of a list or watch; BadRequest for selectors that do not parse or name unknown fields.
/// `version`: whose names of fields they use; null: the in-memory ones.
Result<Filter> make_filter(const api::ResourceInfo& resource, const std::string& namespace_,
                           const std::string& label_selector, const std::string& field_selector,
                           const api::ServedVersion* version = nullptr);

}  // namespace mizzen::apiserver
