#include "linux/files/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace mizzen::linux {

Result<FolderWatch> FolderWatch::open() {
  Fd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (events.get() < 0) return system_error("inotify_init1", errno);
  Fd stopped(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (stopped.get() < 0) return system_error("eventfd", errno);
  return FolderWatch(std::move(events), std::move(stopped));
}

void FolderWatch::follow(const std::string& folder) {
  // Not IN_CREATE and IN_MODIFY: nothing can be read of a file before it is written.
  constexpr uint32_t kWhat =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  (void)::inotify_add_watch(events_.get(), folder.c_str(), kWhat);
}

bool FolderWatch::wait() {
  for (;;) {
    pollfd both[] = {{events_.get(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}};
    const int n = ::poll(both, 2, -1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || both[1].revents != 0) return false;
    alignas(inotify_event) char buffer[16 * 1024];
    while (::read(events_.get(), buffer, sizeof buffer) > 0) {
    }
    return true;
  }
}

void FolderWatch::stop() {
  const uint64_t one = 1;
  (void)!::write(stopped_.get(), &one, sizeof one);
}

}  // namespace mizzen::linux
