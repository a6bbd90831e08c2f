#include "apiserver/cache/filter.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::apiserver {

bool Filter::matches(const Entry& entry) const {
  if (!namespace_.empty() && entry.namespace_() != namespace_) return false;
  if (!name.empty() && entry.name() != name) return false;
  if (!labels.empty() && !labels.matches([&](std::string_view key) { return entry.label(key); }))
    return false;
  return fields.empty() || fields.matches([&](std::string_view field) { return entry.field(field); });
}

namespace {

struct CountedFields final : api::FieldValues {
  void set(std::string_view, std::string_view) override { ++count; }
  size_t count = 0;
};

/// True for kinds that have more to select by than their names.
bool selects_by_fields(const api::ResourceInfo& resource) {
  CountedFields fields;
  resource.strategy->selectable_fields(machinery::MutableObject(resource.message()).get(), fields);
  return fields.count > 0;
}

}  // namespace

Result<Filter> make_filter(const api::ResourceInfo& resource, const std::string& ns,
                           const std::string& labels, const std::string& fields,
                           const api::ServedVersion* version) {
  Filter filter;
  filter.namespace_ = ns;
  MZ_ASSIGN(filter.labels, machinery::LabelSelector::parse(labels));
  MZ_ASSIGN(filter.fields, machinery::FieldSelector::parse(fields));
  if (version && version->field_name) {
    for (const auto& term : filter.fields.terms())
      if (version->field_name(term.field).empty())
        return Error(Code::BadRequest, fmt::format("field label not supported: {}", term.field));
    filter.fields.rename(version->field_name);
  }
  for (const auto& term : filter.fields.terms()) {
    const bool known = term.field == "metadata.name" ||
                       (term.field == "metadata.namespace" && resource.namespaced) ||
                       resource.strategy->is_selectable(term.field);
    if (known) continue;
    return Error(
        Code::BadRequest,
        selects_by_fields(resource)
            ? fmt::format("field label not supported: {}", term.field)
            : fmt::format("{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                          quote(term.field)));
  }
  if (const std::string* name = filter.fields.exact("metadata.name")) filter.name = *name;
  if (const std::string* in = filter.fields.exact("metadata.namespace");
      in && filter.namespace_.empty() && resource.namespaced)
    filter.namespace_ = *in;
  return filter;
}

}  // namespace mizzen::apiserver
