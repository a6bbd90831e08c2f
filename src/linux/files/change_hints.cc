#include "linux/files/change_hints.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mizzen::linux {

Result<ChangeHints> ChangeHints::open() {
  Fd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (events.get() < 0) return system_error("inotify_init1", errno);
  return ChangeHints(std::move(events));
}

std::optional<ChangeHints::Id> ChangeHints::follow(const std::string& path) {
  // IN_ATTRIB: a file that somebody has open loses its name without being deleted.
  constexpr uint32_t kWhat = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONESHOT;
  const int id = ::inotify_add_watch(events_.get(), path.c_str(), kWhat);
  return id < 0 ? std::nullopt : std::optional(id);
}

void ChangeHints::drop(Id id) { (void)::inotify_rm_watch(events_.get(), id); }

std::optional<std::vector<ChangeHints::Id>> ChangeHints::changed() {
  std::vector<Id> out;
  bool lost = false;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(events_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        lost = true;
      } else {
        out.push_back(event.wd);
      }
    }
    if (n < static_cast<ssize_t>(sizeof buffer / 2)) break;  // there was room for more: that was all
  }
  if (lost) return std::nullopt;
  return out;
}

}  // namespace mizzen::linux
