#include "async/thread.h"

#include <pthread.h>

#include <utility>

namespace mizzen {
namespace {

std::thread begin(std::string name, std::function<void()> body) {
  return std::thread([name = std::move(name), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    body();
  });
}

}  // namespace

Thread::Thread(std::string name, std::function<void()> body) {
  if (Cooperation* const c = cooperation()) {
    in_turns_ = c->spawn(std::move(name), std::move(body));
  } else {
    thread_ = begin(std::move(name), std::move(body));
  }
}

Thread::Thread(Thread&& other) noexcept
    : thread_(std::move(other.thread_)), in_turns_(std::exchange(other.in_turns_, 0)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  thread_ = std::move(other.thread_);
  in_turns_ = std::exchange(other.in_turns_, 0);
  return *this;
}

void Thread::join() {
  if (const auto id = std::exchange(in_turns_, 0); id != 0) return cooperation()->join(id);
  if (thread_.joinable()) thread_.join();
}

void run_detached(std::string name, std::function<void()> body) {
  if (Cooperation* const c = cooperation()) {
    c->spawn(std::move(name), std::move(body));
  } else {
    begin(std::move(name), std::move(body)).detach();
  }
}

}  // namespace mizzen
