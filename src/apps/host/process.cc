#include "apps/host/process.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace mizzen::apps {
namespace {

/// Runs in a signal handler: no log, no lock.
void end_as_it_is(int) {
  constexpr std::string_view kText =
      "Stopping takes too long, a thread hangs: the process ends as it is, nothing stored is lost\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kText.data(), kText.size());
  _exit(1);
}

}  // namespace

Process::Process(std::chrono::seconds stop_max) : stop_max_(stop_max) {
  mallopt(M_ARENA_MAX, 2);
  // Blocked in all threads, so that one place waits for them.
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  signal(SIGPIPE, SIG_IGN);
  umask(0022);  // containerd inherits it, and unpacks images with it; our own files name their modes
}

Process::~Process() { alarm(0); }

void Process::begin_stop() {
  signal(SIGALRM, end_as_it_is);
  alarm(static_cast<unsigned>(stop_max_.count()));
}

int Process::wait() {
  int number = 0;
  sigwait(&signals_, &number);
  begin_stop();
  return number;
}

int Process::wait_for(std::chrono::milliseconds most) {
  const timespec time{.tv_sec = most.count() / 1000, .tv_nsec = most.count() % 1000 * 1'000'000};
  const int number = sigtimedwait(&signals_, nullptr, &time);
  if (number <= 0) return 0;
  begin_stop();
  return number;
}

}  // namespace mizzen::apps
