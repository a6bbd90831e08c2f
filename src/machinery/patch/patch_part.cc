#include "machinery/patch/patch_part.h"

#include <algorithm>

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Part;
using codec::Shape;
using codec::Value;

constexpr size_t kFieldsMax = 32;  // of one part, of one message: more is worked on as a whole
constexpr std::string_view kForLists[] = {"$setElementOrder/", "$deleteFromPrimitiveList/"};

/// The list that a directive beside it is for: conditions of $setElementOrder/conditions. Empty for others.
std::string_view list_of_directive(std::string_view key) {
  for (const std::string_view directive : kForLists)
    if (key.starts_with(directive)) return key.substr(directive.size());
  return {};
}

bool goes_deeper(const Field& f, const Value& patch) {
  return patch.is_object() && f.type == codec::Type::Message && f.message->form == codec::JsonForm::Object &&
         (f.shape == Shape::Value || f.shape == Shape::Optional);
}

std::optional<Part> part(const Value& patch, const codec::Message& m, bool top) {
  Part out;
  for (const auto& [key, value] : patch.members()) {
    if (top && (key == "kind" || key == "apiVersion")) continue;
    const std::string_view list = list_of_directive(key);
    const Field* const field = m.find_json(list.empty() ? std::string_view(key) : list);
    if (!field || out.size() == kFieldsMax) return std::nullopt;
    const bool known = std::any_of(out.begin(), out.end(), [&](const auto& p) { return p.field == field; });
    if (known) continue;  // the list and its directive
    if (!list.empty() || !goes_deeper(*field, value)) {
      out.push_back({field, {}, true});
      continue;
    }
    auto within = part(value, *field->message, false);
    const bool whole = !within;
    out.push_back({field, whole ? Part() : std::move(*within), whole});
  }
  return out;
}

}  // namespace

std::optional<Part> part_of_patch(const Value& patch, const codec::Message& m) {
  if (!patch.is_object() || m.form != codec::JsonForm::Object) return std::nullopt;
  return part(patch, m, true);
}

}  // namespace mizzen::machinery
