#include "sim/check/watch_check.h"

#include <fmt/format.h>

#include <cstdlib>

#include "apiserver/entry/stored.h"

namespace mizzen::sim {
namespace {

int64_t number(const std::string& revision) { return std::strtoll(revision.c_str(), nullptr, 10); }

}  // namespace

WatchCheck::WatchCheck(const StoreLog& log, const api::ResourceInfo& resource,
                       const client::ListOptions& options)
    : log_(log),
      prefix_(apiserver::storage_prefix(resource) +
              (options.namespace_.empty() ? "" : options.namespace_ + "/")),
      whole_(options.label_selector.empty() && options.field_selector.empty()),
      initial_(options.send_initial_events),
      seen_(number(options.resource_version)) {}

std::string WatchCheck::look(const std::vector<client::WatchEvent>& events) {
  for (const client::WatchEvent& event : events)
    if (std::string wrong = look(event); !wrong.empty()) return wrong;
  return "";
}

std::string WatchCheck::look(const client::WatchEvent& event) {
  using Type = client::WatchEvent::Type;
  const auto& meta = event.object.meta();
  const int64_t revision = number(meta.resourceVersion);
  const auto tell = [&](const char* what) {
    return fmt::format("a watch of {} that has told up to {} {} {}", prefix_, seen_, what, revision);
  };
  if (event.type == Type::Bookmark) {
    if (initial_ && meta.annotations.contains("k8s.io/initial-events-end")) {
      initial_ = false;
    } else if (whole_ && !initial_) {
      const int64_t next = log_.next_change(prefix_, seen_);
      if (next != 0 && next <= revision) return tell("has nothing before the bookmark");
    }
    if (revision < seen_) return tell("goes back to the bookmark");
    seen_ = revision;
    return "";
  }
  if (initial_) return "";
  // An object that left the selection carries the revision at which it left.
  if (revision <= seen_) return tell("goes back to");
  const int64_t next = log_.next_change(prefix_, seen_);
  if (whole_ && next != revision) return tell("leaves something out before");
  seen_ = revision;
  return "";
}

}  // namespace mizzen::sim
