#include "linux/process/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace mizzen::linux {

Signals::Signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Result<int> Signals::wait(Deadline deadline, const StopToken& stop) {
  if (!fd_.valid()) return Error(Code::InternalError, "signalfd is not available");
  MZ_ASSIGN(const bool ready, wait_readable(fd_.get(), deadline, stop));
  if (!ready) return 0;
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return system_error("read signalfd", errno);
  return static_cast<int>(info.ssi_signo);
}

}  // namespace mizzen::linux
