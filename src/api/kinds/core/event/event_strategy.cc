#include "api/kinds/core/event/event_strategy.h"

#include "api/checks/field_checks.h"
#include "api/schema/core/v1/event.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::Event;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kNameMax = 128;
constexpr size_t kMessageMax = 1024;

void check_legacy(const Event& e, const char* controller, FieldErrors& errors) {
  const std::string& about = e.involvedObject.namespace_;
  const Path where = Path("involvedObject").child("namespace");
  const char* elsewhere = "does not match event.namespace";
  const std::string& own = e.metadata.namespace_;
  if (!e.eventTime.is_set()) {
    const bool fits = about.empty() ? own.empty() || own == "default" : own == about;
    if (!fits) errors.invalid(where, about, elsewhere);
  } else {
    if (about.empty() && own != "default" && own != "kube-system") errors.invalid(where, about, elsewhere);
    const auto at_most = [&](const std::string& value, size_t max, const char* name) {
      if (value.size() > max)
        errors.invalid(Path(name), "", "can have at most " + std::to_string(max) + " characters");
    };
    if (e.reportingComponent.empty()) errors.required(Path(controller), "");
    check_messages(machinery::is_qualified_name(e.reportingComponent), Path(controller), e.reportingComponent,
                   errors);
    if (e.reportingInstance.empty()) errors.required(Path("reportingInstance"), "");
    at_most(e.reportingInstance, kNameMax, "reportingInstance");
    if (e.action.empty()) errors.required(Path("action"), "");
    at_most(e.action, kNameMax, "action");
    if (e.reason.empty()) errors.required(Path("reason"), "");
    at_most(e.reason, kNameMax, "reason");
    at_most(e.message, kMessageMax, "message");
  }
  check_messages(machinery::is_dns1123_subdomain(own), Path("namespace"), own, errors);
}

void check_series(const Event& e, FieldErrors& errors) {
  if (!e.series) return;
  if (e.series->count < 2) errors.invalid(Path("series.count"), "", "should be at least 2");
  if (!e.series->lastObservedTime.is_set()) errors.required(Path("series.lastObservedTime"), "");
}

/// What the newer API has no room for has to be left out.
void check_new(const Event& e, FieldErrors& errors) {
  check_series(e, errors);
  if (!e.eventTime.is_set()) errors.required(Path("eventTime"), "");
  if (e.type != "Normal" && e.type != "Warning")
    errors.invalid(Path("type"), "", "has invalid value: " + e.type);
  const auto unset = [&](bool set, const char* name) {
    if (set) errors.invalid(Path(name), "", "needs to be unset");
  };
  unset(e.firstTimestamp.is_set(), "firstTimestamp");
  unset(e.lastTimestamp.is_set(), "lastTimestamp");
  unset(e.count != 0, "count");
  unset(!e.source.component.empty() || !e.source.host.empty(), "source");
}

/// Nothing but the series changes.
void check_same(const Event& e, const Event& old, FieldErrors& errors) {
  const auto same = [&](bool is, const char* name, const std::string& shown) {
    if (!is) errors.invalid_raw(Path(name), shown, "field is immutable");
  };
  same(codec::equal(e.involvedObject, old.involvedObject), "involvedObject",
       codec::to_json(e.involvedObject));
  same(e.reason == old.reason, "reason", quote(e.reason));
  same(e.message == old.message, "message", quote(e.message));
  same(codec::equal(e.source, old.source), "source", codec::to_json(e.source));
  const auto time = [](const codec::Time& t) { return t.is_set() ? quote(codec::format_time(t)) : "null"; };
  same(e.firstTimestamp == old.firstTimestamp, "firstTimestamp", time(e.firstTimestamp));
  same(e.lastTimestamp == old.lastTimestamp, "lastTimestamp", time(e.lastTimestamp));
  same(e.count == old.count, "count", std::to_string(e.count));
  same(e.type == old.type, "type", quote(e.type));
  same(e.eventTime == old.eventTime, "eventTime", time(e.eventTime));
  same(e.action == old.action, "action", quote(e.action));
  const bool related =
      e.related && old.related ? codec::equal(*e.related, *old.related) : !e.related == !old.related;
  same(related, "related", e.related ? codec::to_json(*e.related) : "null");
  same(e.reportingComponent == old.reportingComponent, "reportingController", quote(e.reportingComponent));
  same(e.reportingInstance == old.reportingInstance, "reportingInstance", quote(e.reportingInstance));
}

class EventStrategy final : public TypedStrategy<Event> {
 public:
  bool checks_standard_finalizers() const override { return false; }
  PrefixCheck checks_prefix() const override { return PrefixCheck::Never; }
  /// As upstream's --event-ttl has it.
  std::optional<std::chrono::seconds> ttl() const override { return std::chrono::hours(1); }
  bool allow_create_on_update() const override { return true; }
  void check_version(const Event& e, const Event* old, std::string_view api_version,
                     FieldErrors& errors) const override {
    check_legacy(e, api_version == "v1" ? "reportingComponent" : "reportingController", errors);
    // What the newer API asks for, older ones have never asked.
    if (api_version != "events.k8s.io/v1") return;
    if (!old) return check_new(e, errors);
    const bool same =
        e.series && old->series ? codec::equal(*e.series, *old->series) : !e.series == !old->series;
    if (!same) check_series(e, errors);
    check_same(e, *old, errors);
  }
  void fields_of(const Event& e, FieldValues& f) const override {
    f.set("involvedObject.kind", e.involvedObject.kind);
    f.set("involvedObject.namespace", e.involvedObject.namespace_);
    f.set("involvedObject.name", e.involvedObject.name);
    f.set("involvedObject.uid", e.involvedObject.uid);
    f.set("involvedObject.apiVersion", e.involvedObject.apiVersion);
    f.set("involvedObject.resourceVersion", e.involvedObject.resourceVersion);
    f.set("involvedObject.fieldPath", e.involvedObject.fieldPath);
    f.set("reason", e.reason);
    f.set("reportingComponent", e.reportingComponent);
    f.set("source", e.source.component.empty() ? e.reportingComponent : e.source.component);
    f.set("type", e.type);
  }
  bool is_selectable(std::string_view f) const override {
    return f.starts_with("involvedObject.") || f == "reason" || f == "reportingComponent" || f == "source" ||
           f == "type";
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Last Seen", "string", "", "When it was last seen."},
            {"Type", "string", "", "Normal or Warning."},
            {"Reason", "string", "", "Why, in a word."},
            {"Object", "string", "", "What it is about."},
            {"Subobject", "string", "", "Part of the object.", 1},
            {"Source", "string", "", "Who said it.", 1},
            {"Message", "string", "", "What happened."},
            {"First Seen", "string", "", "When it was first seen.", 1},
            {"Count", "string", "", "How often it was seen.", 1},
            {"Name", "string", "name", "Name of the event.", 1}};
  }
  TableCells row(const Event& e, WallTime now) const override {
    const codec::Time first_at = e.firstTimestamp.is_set() ? e.firstTimestamp : e.eventTime;
    const std::string first = age_cell(first_at, now);
    std::string last = e.lastTimestamp.is_set() ? age_cell(e.lastTimestamp, now) : first;
    int64_t count = e.count == 0 ? 1 : e.count;
    if (e.series) {
      last = age_cell(e.series->lastObservedTime, now);
      count = e.series->count;
    }
    std::string object = to_lower(e.involvedObject.kind);
    if (!e.involvedObject.name.empty()) object += "/" + e.involvedObject.name;
    std::string source = e.source.component.empty() ? e.reportingComponent : e.source.component;
    const std::string host = e.source.host.empty() ? e.reportingInstance : e.source.host;
    if (!host.empty()) source += ", " + host;
    return {
        last,         cell(e.type),          cell(e.reason), cell(object), cell(e.involvedObject.fieldPath),
        cell(source), cell(trim(e.message)), first,          cell(count),  cell(e.metadata.name)};
  }
};

}  // namespace

const Strategy& event_strategy() {
  static const EventStrategy s;
  return s;
}

}  // namespace mizzen::api
