#include "sim/fibers/fibers.h"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "sim/fibers/sanitizer.h"

namespace mizzen::sim {

namespace context = boost::context;

/// A thread of ours. It is ready, has the turn, or waits.
struct Fibers::Fiber {
  ThreadId id = 0;
  std::string name;
  std::function<void()> body;
  context::fiber way_in;   ///< where it goes on; empty while it has the turn
  context::fiber way_out;  ///< back to run(), while it has the turn
  PerThread::Values values{};
  const void* waits_on = nullptr;
  bool timed = false;
  Due::iterator due;
  bool notified = false;
  bool ended = false;
  StackSwitch stack;
};

Fibers::Fibers(ManualClock& clock, Random& random) : clock_(clock), random_(random) {}
Fibers::~Fibers() { MZ_CHECK(alive_.empty(), "{} threads have not ended", alive_.size()); }

Cooperation::ThreadId Fibers::current() const { return current_ ? current_->id : ~ThreadId{0}; }

Cooperation::ThreadId Fibers::spawn(std::string name, std::function<void()> body) {
  auto fiber = std::make_unique<Fiber>();
  Fiber* const f = fiber.get();
  f->id = next_id_++;
  f->name = std::move(name);
  f->body = std::move(body);
  context::protected_fixedsize_stack stacks(kStackBytes);
  const context::stack_context stack = stacks.allocate();
  f->stack.set(static_cast<char*>(stack.sp) - stack.size, stack.size);
  f->way_in = context::fiber(std::allocator_arg, context::preallocated(stack.sp, stack.size, stack), stacks,
                             [this, f](context::fiber&& out) {
                               f->stack.entered();
                               f->way_out = std::move(out);
                               f->body();
                               f->body = nullptr;
                               f->ended = true;
                               f->stack.leaves_for_good();
                               return std::move(f->way_out);
                             });
  alive_.emplace(f->id, std::move(fiber));
  ready_.push_back(f);
  return f->id;
}

void Fibers::run(std::function<void()> body) {
  MZ_CHECK(!cooperation(), "a simulation within a simulation");
  set_cooperation(this);
  spawn("main", std::move(body));
  while (!alive_.empty()) {
    if (ready_.empty() && !pass_time()) stuck("all threads wait for good");
    const size_t i = static_cast<size_t>(random_.below(ready_.size()));
    Fiber* const next = std::exchange(ready_[i], ready_.back());
    ready_.pop_back();
    give_turn(*next);
  }
  set_cooperation(nullptr);
}

void Fibers::give_turn(Fiber& fiber) {
  ++turns_;
  if (++turns_since_time_moved_ > kTurnsMax) stuck("time does not move");
  fingerprint_ = (fingerprint_ ^ fiber.id) * 0x100000001b3;
  current_ = &fiber;
  const PerThread::Values own = std::exchange(PerThread::values(), fiber.values);
  fiber.stack.enters();
  fiber.way_in = std::move(fiber.way_in).resume();
  fiber.stack.left();
  fiber.values = std::exchange(PerThread::values(), own);
  current_ = nullptr;
  if (fiber.ended) finish(fiber);
}

void Fibers::suspend() {
  Fiber& me = *current_;
  me.stack.leaves();
  me.way_out = std::move(me.way_out).resume();
  me.stack.entered();
}

void Fibers::finish(Fiber& fiber) {
  const ThreadId id = fiber.id;
  notify(&fiber, true);
  alive_.erase(id);
}

bool Fibers::wait(const void* on, Monotonic until) {
  MZ_CHECK(current_, "nobody has the turn");
  Fiber& me = *current_;
  me.notified = false;
  me.waits_on = on;
  waiting_[on].push_back(&me);
  me.timed = until != Monotonic::max();
  if (me.timed) me.due = due_.emplace(until, &me);
  suspend();
  return me.notified;
}

void Fibers::wake(Fiber& fiber, bool notified) {
  const auto list = waiting_.find(fiber.waits_on);
  MZ_CHECK(list != waiting_.end(), "{} waits for nothing", fiber.name);
  std::erase(list->second, &fiber);
  if (list->second.empty()) waiting_.erase(list);
  if (fiber.timed) due_.erase(fiber.due);
  fiber.timed = false;
  fiber.waits_on = nullptr;
  fiber.notified = notified;
  ready_.push_back(&fiber);
}

void Fibers::notify(const void* on, bool all) {
  const auto list = waiting_.find(on);
  if (list == waiting_.end()) return;
  if (!all) return wake(*list->second[random_.below(list->second.size())], true);
  const std::vector<Fiber*> each = list->second;
  for (Fiber* const fiber : each) wake(*fiber, true);
}

bool Fibers::pass_time() {
  if (due_.empty()) return false;
  const Monotonic when = due_.begin()->first, now = clock_.monotonic();
  if (when > now) {
    clock_.advance(when - now);
    turns_since_time_moved_ = 0;
  }
  while (!due_.empty() && due_.begin()->first <= clock_.monotonic()) wake(*due_.begin()->second, false);
  return true;
}

void Fibers::join(ThreadId thread) {
  while (alive_.contains(thread)) {
    MZ_CHECK(thread != current(), "a thread waits for itself");
    wait(alive_.at(thread).get(), Monotonic::max());
  }
}

void Fibers::yield() {
  MZ_CHECK(current_, "nobody has the turn");
  ready_.push_back(current_);
  suspend();
}

void Fibers::pause(Duration d) {
  const Monotonic until = later(clock_.monotonic(), d);
  while (clock_.monotonic() < until) wait(&until, until);
}

void Fibers::stuck(const char* why) const {
  std::fprintf(stderr, "sim: %s\n", why);
  for (const auto& [id, fiber] : alive_)
    std::fprintf(stderr, "  %llu %s%s\n", static_cast<unsigned long long>(id), fiber->name.c_str(),
                 fiber->waits_on ? " waits" : " is ready");
  MZ_CHECK(false, "{} after {} turns", why, turns_);
  std::abort();
}

}  // namespace mizzen::sim
