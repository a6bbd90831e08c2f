#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "client/api/api_client.h"

namespace mizzen::client::testing {

/// Role: a sink that remembers what it was told, event by event. Threading: thread-safe; outlives its watch
/// by sharing.
class WatchRecord {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(10);

  WatchSink sink() {
    return {[s = state_](std::vector<WatchEvent> events) {
              Lock lock(s->m);
              for (WatchEvent& e : events) s->events.push_back(std::move(e));
              s->changed.notify_all();
            },
            [s = state_](Error error) {
              Lock lock(s->m);
              s->end = std::move(error);
              s->changed.notify_all();
            }};
  }
  /// "ADDED name", "BOOKMARK", "BOOKMARK end" for the next event; "END code" once it has ended; "SILENT"
  /// where nothing came.
  std::string next() {
    const Deadline deadline = Deadline::after(kPatience, real_clock());
    Lock lock(state_->m);
    for (;;) {
      if (state_->read < state_->events.size()) return line(state_->events[state_->read++]);
      if (state_->end) return "END " + std::string(reason(state_->end->code()));
      if (!state_->changed.wait_until(state_->m, deadline)) return "SILENT";
    }
  }
  /// The next one that is no bookmark, but for the one that ends the list.
  std::string next_change() {
    for (;;) {
      std::string line = next();
      if (line != "BOOKMARK") return line;
    }
  }
  /// The object of the event told last by next().
  Object last() const {
    Lock lock(state_->m);
    return state_->events[state_->read - 1].object.object();
  }
  size_t told() const {
    Lock lock(state_->m);
    return state_->events.size();
  }

 private:
  struct State {
    Mutex m;
    CondVar changed;
    std::vector<WatchEvent> events MZ_GUARDED_BY(m);
    std::optional<Error> end MZ_GUARDED_BY(m);
    size_t read MZ_GUARDED_BY(m) = 0;
  };
  static std::string line(const WatchEvent& e) {
    const auto& meta = e.object.meta();
    switch (e.type) {
      case WatchEvent::Type::Added:
        return "ADDED " + meta.name;
      case WatchEvent::Type::Modified:
        return "MODIFIED " + meta.name;
      case WatchEvent::Type::Deleted:
        return "DELETED " + meta.name;
      case WatchEvent::Type::Bookmark:
        return meta.annotations.contains("k8s.io/initial-events-end") ? "BOOKMARK end" : "BOOKMARK";
    }
    return "";
  }
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace mizzen::client::testing
