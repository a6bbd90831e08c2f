#include "api/kinds/core/event/event_versions.h"

#include "api/schema/core/v1/event.h"
#include "api/schema/events/v1/event.h"
#include "api/schema/events/v1beta1/event.h"

namespace mizzen::api {
namespace {

/// What both groups call the same; the directions below rename the rest.
template <typename From, typename To>
void copy_same_names(const From& from, To& to) {
  to.metadata = from.metadata;
  to.eventTime = from.eventTime;
  if (from.series) {
    auto& series = to.series.ensure();
    series.count = from.series->count;
    series.lastObservedTime = from.series->lastObservedTime;
  }
  to.reportingInstance = from.reportingInstance;
  to.action = from.action;
  to.reason = from.reason;
  to.related = from.related;
  to.type = from.type;
}

template <typename T>
void to_core(const void* wire, void* memory) {
  const auto& from = *static_cast<const T*>(wire);
  auto& to = *static_cast<core::v1::Event*>(memory);
  copy_same_names(from, to);
  to.reportingComponent = from.reportingController;
  to.involvedObject = from.regarding;
  to.message = from.note;
  to.source = from.deprecatedSource;
  to.firstTimestamp = from.deprecatedFirstTimestamp;
  to.lastTimestamp = from.deprecatedLastTimestamp;
  to.count = from.deprecatedCount;
}

template <typename T>
void from_core(const void* memory, void* wire) {
  const auto& from = *static_cast<const core::v1::Event*>(memory);
  auto& to = *static_cast<T*>(wire);
  copy_same_names(from, to);
  to.reportingController = from.reportingComponent;
  to.regarding = from.involvedObject;
  to.note = from.message;
  to.deprecatedSource = from.source;
  to.deprecatedFirstTimestamp = from.firstTimestamp;
  to.deprecatedLastTimestamp = from.lastTimestamp;
  to.deprecatedCount = from.count;
}

}  // namespace

void event_to_memory(const void* wire, void* memory) { to_core<events::v1::Event>(wire, memory); }
void event_from_memory(const void* memory, void* wire) { from_core<events::v1::Event>(memory, wire); }
void event_v1beta1_to_memory(const void* wire, void* memory) {
  to_core<events::v1beta1::Event>(wire, memory);
}
void event_v1beta1_from_memory(const void* memory, void* wire) {
  from_core<events::v1beta1::Event>(memory, wire);
}

std::string event_field_name(std::string_view field) {
  constexpr std::string_view kRegarding = "regarding.";
  if (field.starts_with(kRegarding)) return "involvedObject." + std::string(field.substr(kRegarding.size()));
  if (field == "reportingController") return "reportingComponent";
  if (field == "reason" || field == "type" || field.starts_with("metadata.")) return std::string(field);
  return "";
}

}  // namespace mizzen::api
