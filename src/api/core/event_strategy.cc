#include "api/core/strategies.h"
#include "api/schema/core/v1/event.h"
#include "base/strings.h"
#include "machinery/names.h"

namespace mizzen::api {
namespace {

using core::v1::Event;
using machinery::FieldErrors;
using machinery::Path;

class EventStrategy final : public TypedStrategy<Event> {
 public:
  bool allow_create_on_update() const override { return true; }
  void check_create(const Event& e, FieldErrors& errors) const override {
    const std::string& about = e.involvedObject.namespace_;
    const bool cluster_wide =
        about.empty() && (e.metadata.namespace_ == "default" || e.metadata.namespace_ == "kube-system");
    if (!cluster_wide && about != e.metadata.namespace_)
      errors.invalid(Path("involvedObject").child("namespace"), about, "does not match event.namespace");
  }
  void check_update(const Event& e, const Event&, FieldErrors& errors) const override {
    check_create(e, errors);
  }
  void fields_of(const Event& e, machinery::Labels& f) const override {
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
