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
      top_(apiserver::storage_prefix(resource)),
      prefix_(top_ + (options.namespace_.empty() ? "" : options.namespace_ + "/")),
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
      if (std::string wrong = look_at_beginning(revision); !wrong.empty()) return wrong;
    } else if (whole_ && !initial_) {
      const int64_t next = log_.next_change(prefix_, seen_);
      if (next != 0 && next <= revision) return tell("has nothing before the bookmark");
    }
    if (revision < seen_) return tell("goes back to the bookmark");
    seen_ = revision;
    return "";
  }
  const std::string key = top_ + apiserver::entry_key(meta.namespace_, meta.name);
  const bool gone = event.type == Type::Deleted;
  if (initial_) {
    // Changes come already while objects of the beginning do.
    if (gone) {
      beginning_.erase(key);
    } else {
      beginning_[key] = revision;
    }
    return "";
  }
  // An object that left the selection carries the revision at which it left.
  if (revision <= seen_) return tell("goes back to");
  const int64_t next = log_.next_change(prefix_, seen_);
  if (whole_ && next != revision) return tell("leaves something out before");
  const auto* const change = log_.last_change(key, revision);
  if (!change || change->revision != revision) return tell("tells of another object than changed at");
  if (whole_ && change->deleted != gone) return tell("tells the wrong end of");
  seen_ = revision;
  return "";
}

std::string WatchCheck::look_at_beginning(int64_t revision) {
  const auto there = log_.content(prefix_, revision);
  for (const auto& [key, changed] : beginning_) {
    const auto found = there.find(key);
    if (found == there.end() || found->second != changed)
      return fmt::format("a watch of {} begins with {} of {}, which is not so at {}", prefix_, key, changed,
                         revision);
  }
  if (whole_ && beginning_.size() != there.size())
    return fmt::format("a watch of {} begins with {} objects at {}, and {} are there", prefix_,
                       beginning_.size(), revision, there.size());
  beginning_.clear();
  return "";
}

}  // namespace mizzen::sim
