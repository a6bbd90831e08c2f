#include "apps/host/process.h"

#include <malloc.h>
#include <sys/stat.h>

namespace mizzen::apps {

Process::Process() {
  mallopt(M_ARENA_MAX, 2);
  // Blocked in all threads, so that one place waits for them.
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  signal(SIGPIPE, SIG_IGN);
  umask(0022);  // containerd inherits it, and unpacks images with it; our own files name their modes
}

int Process::wait() {
  int number = 0;
  sigwait(&signals_, &number);
  return number;
}

}  // namespace mizzen::apps
