#include "api/testing/checked.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/checks/object_meta_checks.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

constexpr int64_t kSecondsAtNewYear2026 = 1767225600;

Lines lines(const machinery::FieldErrors& errors) {
  Lines out;
  for (const Cause& c : errors.causes()) out.push_back(c.field + ": " + c.message);
  return out;
}

}  // namespace

Checked::Checked(const char* group, const char* version, const char* plural)
    : resource_(*builtin()->find(group, version, plural)), version_(resource_.api_version()) {}

machinery::MutableObject Checked::decode(const std::string& json) const {
  machinery::MutableObject out(resource_.message());
  const auto r = codec::decode_json(json, resource_.message(), out.get());
  EXPECT_TRUE(r.ok()) << r.error().message() << json;
  return out;
}

machinery::MutableObject Checked::make(const std::string& json) const {
  machinery::MutableObject out = decode(json);
  if (out.meta().name.empty()) out.meta().name = "x";
  if (resource_.namespaced && out.meta().namespace_.empty()) out.meta().namespace_ = "ns";
  resource_.strategy->set_defaults(out.get(), version_);
  return out;
}

void Checked::stamp(machinery::MutableObject& object, const void* old) const {
  resource_.strategy->stamp(object.get(), old, codec::Time{kSecondsAtNewYear2026, 0});
}

Answer Checked::answer_create(const std::string& json, std::string_view api_version) const {
  machinery::MutableObject object = make(json);
  stamp(object, nullptr);
  resource_.strategy->prepare_create(object.get());
  machinery::FieldErrors errors;
  check_object_meta(object.meta(), resource_, errors);
  resource_.strategy->validate_create(object.get(), errors);
  resource_.strategy->validate_version(object.get(), nullptr, api_version.empty() ? version_ : api_version,
                                       errors);
  auto warnings = resource_.strategy->warnings(object.get(), nullptr);
  return {std::move(object), lines(errors), std::move(warnings)};
}

machinery::MutableObject Checked::stored(const std::string& json) const {
  machinery::MutableObject out = make(json), born = out.clone();
  stamp(out, nullptr);
  resource_.strategy->prepare_create(born.get());
  out.meta().generation = born.meta().generation;
  return out;
}

Answer Checked::answer_update(const std::string& from, const std::string& to,
                              std::string_view api_version) const {
  const machinery::MutableObject old = stored(from);
  machinery::MutableObject now = make(to);
  now.meta().generation = old.meta().generation;
  stamp(now, old.get());
  resource_.strategy->prepare_update(now.get(), old.get());
  machinery::FieldErrors errors;
  resource_.strategy->validate_update(now.get(), old.get(), errors);
  resource_.strategy->validate_version(now.get(), old.get(), api_version.empty() ? version_ : api_version,
                                       errors);
  auto warnings = resource_.strategy->warnings(now.get(), old.get());
  return {std::move(now), lines(errors), std::move(warnings)};
}

Answer Checked::answer_status(const std::string& from, const std::string& to) const {
  const machinery::MutableObject old = stored(from);
  machinery::MutableObject now = make(to);
  now.meta().generation = old.meta().generation;
  stamp(now, old.get());
  resource_.strategy->prepare_part_update(api::Subresource::Status, now.get(), old.get());
  machinery::FieldErrors errors;
  resource_.strategy->validate_part_update(api::Subresource::Status, now.get(), old.get(), errors);
  return {std::move(now), lines(errors), {}};
}

Lines Checked::create(const std::string& json, std::string_view api_version) const {
  return answer_create(json, api_version).errors;
}
Lines Checked::update(const std::string& from, const std::string& to, std::string_view api_version) const {
  return answer_update(from, to, api_version).errors;
}
Lines Checked::status(const std::string& from, const std::string& to) const {
  return answer_status(from, to).errors;
}

std::vector<std::string> Checked::row_of(const machinery::MutableObject& object) const {
  // The default columns are the API server's own.
  if (columns().size() == 2 && columns()[1].name == "Age") return {cell(object.meta().name), "null"};
  const WallTime now{std::chrono::seconds(kSecondsAtNewYear2026 + 100)};
  return resource_.strategy->table_row(object.get(), now);
}
std::vector<std::string> Checked::row(const std::string& json) const { return row_of(make(json)); }

void expect_created(const Checked& kind, const std::vector<One>& table) {
  for (const One& c : table) EXPECT_EQ(kind.create(c.json), c.errors) << c.json;
}
void expect_updated(const Checked& kind, const std::vector<Two>& table) {
  for (const Two& c : table) EXPECT_EQ(kind.update(c.from, c.to), c.errors) << c.from << " -> " << c.to;
}

}  // namespace mizzen::api
