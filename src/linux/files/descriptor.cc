#include "linux/files/descriptor.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace mizzen::linux {
namespace {

constexpr int kPollMsMax = 60'000;  // a poll() timeout is an int; longer waits go round again

int poll_ms(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, kPollMsMax));
}

}  // namespace

Result<bool> wait_readable(int fd, Deadline deadline, const StopToken& stop) {
  auto wake = std::make_shared<Fd>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake->valid()) return system_error("eventfd", errno);
  const auto registration = stop.on_stop([wake] {
    const uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake->get(), &one, sizeof one);
  });
  for (;;) {
    pollfd fds[] = {{fd, POLLIN, 0}, {wake->get(), POLLIN, 0}};
    const int n = ::poll(fds, 2, poll_ms(deadline));
    if (n < 0 && errno != EINTR) return system_error("poll", errno);
    if (n > 0 && fds[0].revents != 0) return true;
    if (n > 0 && fds[1].revents != 0) return Error(Code::Cancelled, "stopped");
    if (deadline.expired()) return false;
  }
}

}  // namespace mizzen::linux
