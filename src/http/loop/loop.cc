// One of the two sources that include Asio: compile time is why no header does.
#include "http/loop/loop.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

namespace mizzen::http {
namespace {
thread_local Loop* t_current = nullptr;
}  // namespace

struct Loop::Impl {
  explicit Impl(const Clock& c) : clock(c) {}
  const Clock& clock;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep{io.get_executor()};
  boost::asio::steady_timer timer{io};
  std::map<std::pair<Monotonic, TimerId>, std::function<void()>> timers;
  std::map<TimerId, Monotonic> timer_times;
  TimerId next_timer = 1;
  Monotonic armed_for = Monotonic::max();

  void arm();
  void fire();
};

void Loop::Impl::arm() {
  if (timers.empty()) return;
  const Monotonic first = timers.begin()->first.first;
  // Moving the kernel's timer costs more than one early wake-up: it only ever moves to an earlier time, and
  // fire() arms it anew. A connection's idle timer is set and forgotten with each request.
  if (first >= armed_for) return;
  armed_for = first;
  timer.expires_after(first - clock.monotonic());
  timer.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) fire();
  });
}

void Loop::Impl::fire() {
  armed_for = Monotonic::max();
  const Monotonic now = clock.monotonic();
  while (!timers.empty() && timers.begin()->first.first <= now) {
    auto first = timers.begin();
    std::function<void()> f = std::move(first->second);
    timer_times.erase(first->first.second);
    timers.erase(first);
    f();
  }
  arm();
}

Loop::Loop(const Clock& clock, Random& random)
    : clock_(clock), random_(random), impl_(std::make_unique<Impl>(clock)) {}

Loop::~Loop() {
  // What was posted after the end must not run into a dead loop, only be destroyed; that may post again.
  for (;;) {
    std::vector<std::function<void()>> rest;
    {
      Lock lock(m_);
      rest.swap(posted_);
      scheduled_ = true;
    }
    if (rest.empty()) break;
  }
  const auto timers = std::move(impl_->timers);  // what they hold may ask to cancel others
  impl_->timers.clear();
  impl_->timer_times.clear();
}

Loop* Loop::current() { return t_current; }

void Loop::post(std::function<void()> f) {
  {
    Lock lock(m_);
    posted_.push_back(std::move(f));
    if (scheduled_) return;
    scheduled_ = true;
  }
  boost::asio::post(impl_->io, [this] { drain(); });
}

void Loop::drain() {
  std::vector<std::function<void()>> batch;
  {
    Lock lock(m_);
    batch.swap(posted_);
    scheduled_ = false;
  }
  for (auto& f : batch) {
    f();
    f = nullptr;
  }
}

Loop::TimerId Loop::after(Duration delay, std::function<void()> f) {
  const Monotonic when = clock_.monotonic() + delay;
  const TimerId id = impl_->next_timer++;
  impl_->timers.emplace(std::pair(when, id), std::move(f));
  impl_->timer_times.emplace(id, when);
  impl_->arm();
  return id;
}

void Loop::cancel(TimerId id) {
  const auto found = impl_->timer_times.find(id);
  if (found == impl_->timer_times.end()) return;
  impl_->timers.erase({found->second, id});
  impl_->timer_times.erase(found);
}

size_t Loop::timers_waiting() const { return impl_->timers.size(); }

void Loop::run() {
  // OpenSSL writes without MSG_NOSIGNAL; blocking the signal here spares the process a changed disposition.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  t_current = this;
  impl_->io.run();
  t_current = nullptr;
}

void Loop::stop() {
  boost::asio::post(impl_->io, [this] {
    impl_->keep.reset();
    impl_->io.stop();
  });
}

namespace {

class AsioWatch final : public Watch {
 public:
  AsioWatch(boost::asio::io_context& io, int fd, FdEvents& events) : state_(std::make_shared<State>(io, fd)) {
    state_->events = &events;
    boost::system::error_code ignored;
    state_->descriptor.non_blocking(true, ignored);
  }
  ~AsioWatch() override {
    state_->events = nullptr;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
  }
  void rebind(FdEvents& events) override { state_->events = &events; }
  int fd() const override { return state_->descriptor.native_handle(); }
  void want_read() override {
    if (state_->reading) return;
    state_->reading = true;
    state_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                  [s = state_](const boost::system::error_code&) {
                                    s->reading = false;
                                    if (s->events != nullptr) s->events->on_readable();
                                  });
  }
  void want_write() override {
    if (state_->writing) return;
    state_->writing = true;
    state_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                                  [s = state_](const boost::system::error_code&) {
                                    s->writing = false;
                                    if (s->events != nullptr) s->events->on_writable();
                                  });
  }

 private:
  struct State {
    State(boost::asio::io_context& io, int fd) : descriptor(io, fd) {}
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor;
    FdEvents* events = nullptr;
    bool reading = false;
    bool writing = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Watch> Loop::watch(int fd, FdEvents& events) {
  return std::make_unique<AsioWatch>(impl_->io, fd, events);
}

Loops::Loops(Options options) : clock_(options.clock) {
  const size_t n = std::max<size_t>(1, options.threads);
  for (size_t i = 0; i < n; ++i) loops_.push_back(std::make_unique<Loop>(options.clock, options.random));
  for (size_t i = 0; i < n; ++i) {
    Loop* loop = loops_[i].get();
    threads_.emplace_back(options.name, [loop] { loop->run(); });
  }
}

Loop& Loops::next() { return *loops_[next_.fetch_add(1) % loops_.size()]; }

void Loops::stop() {
  if (threads_.empty()) return;
  for (auto& loop : loops_) loop->stop();
  threads_.clear();
}

}  // namespace mizzen::http
