#include "api/strategy/strategy.h"

#include <cstdlib>

#include "codec/json/json_text.h"
#include "machinery/object/object.h"

namespace mizzen::api {

void Strategy::set_defaults(void*, std::string_view) const {}
void Strategy::stamp(void*, const void*, const codec::Time&) const {}
machinery::Messages Strategy::check_name(std::string_view name) const {
  return machinery::is_dns1123_subdomain(name);
}
void Strategy::prepare_create(void*) const {}
void Strategy::validate_create(const void*, machinery::FieldErrors&) const {}
void Strategy::validate_version(const void*, const void*, std::string_view, machinery::FieldErrors&) const {}
void Strategy::prepare_update(void*, const void*) const {}
void Strategy::validate_update(const void*, const void*, machinery::FieldErrors&) const {}
void Strategy::prepare_part_update(Subresource, void*, const void*) const {}
void Strategy::validate_part_update(Subresource, const void*, const void*, machinery::FieldErrors&) const {}
std::vector<std::string> Strategy::warnings(const void*, const void*) const { return {}; }
std::optional<int64_t> Strategy::grace_period(const void*, const std::optional<int64_t>&) const {
  return std::nullopt;
}
bool Strategy::begin_deletion(void*) const { return false; }
void Strategy::selectable_fields(const void*, FieldValues&) const {}
bool Strategy::is_selectable(std::string_view) const { return false; }

std::vector<TableColumn> Strategy::table_columns() const {
  return {{"Name", "string", "name", "Name must be unique within a namespace."},
          {"Age", "string", "", "How long ago the object was created."}};
}

TableCells Strategy::table_row(const void*, WallTime) const {
  std::abort();  // the API server prints the default columns itself, from metadata
}

std::string cell(std::string_view text) {
  std::string out;
  codec::append_json_string(out, text);
  return out;
}
std::string cell(int64_t number) { return std::to_string(number); }

std::string human_duration(Duration d) {
  // Upstream's steps: whole seconds up to two minutes, then two units while the larger one is small.
  const int64_t s = std::chrono::duration_cast<std::chrono::seconds>(d).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  const auto two = [](int64_t a, const char* an, int64_t b, const char* bn) {
    return std::to_string(a) + an + (b ? std::to_string(b) + bn : "");
  };
  if (s < 120) return std::to_string(s) + "s";
  const int64_t m = s / 60;
  if (m < 10) return two(m, "m", s % 60, "s");
  if (m < 180) return std::to_string(m) + "m";
  const int64_t h = m / 60;
  if (h < 8) return two(h, "h", m % 60, "m");
  if (h < 48) return std::to_string(h) + "h";
  if (h < 24 * 8) return two(h / 24, "d", h % 24, "h");
  if (h < 24 * 365 * 2) return std::to_string(h / 24) + "d";
  if (h < 24 * 365 * 8) return two(h / 24 / 365, "y", h / 24 % 365, "d");
  return std::to_string(h / 24 / 365) + "y";
}

std::string age_cell(const codec::Time& since, WallTime now) {
  return cell(since.is_set() ? human_duration(now - since.wall()) : "<unknown>");
}

}  // namespace mizzen::api
