#include "sim/net/pipe.h"

#include <algorithm>

#include "base/cooperation.h"

namespace mizzen::sim {
namespace {

/// How often a view that is held in the past is looked at.
constexpr Duration kLook = std::chrono::milliseconds(200);

}  // namespace

Pipe::Pipe(World& world, std::string who, WatchCheck check, client::WatchSink sink)
    : world_(world), who_(std::move(who)), check_(std::move(check)), sink_(std::move(sink)) {
  ++world_.watches;
}

Pipe::~Pipe() {
  close();
  --world_.watches;
}

client::WatchSink Pipe::inlet() {
  client::WatchSink out;
  out.on_events = [weak = weak_from_this()](std::vector<client::WatchEvent> events) {
    if (const auto pipe = weak.lock()) pipe->take(std::move(events));
  };
  out.on_end = [weak = weak_from_this()](Error error) {
    if (const auto pipe = weak.lock()) pipe->end(std::move(error), false);
  };
  return out;
}

void Pipe::take(std::vector<client::WatchEvent> events) {
  if (world_.mutated(Mutation::DropEvent, 0.02)) events.pop_back();
  if (events.size() > 1 && world_.mutated(Mutation::SwapEvents, 0.1))
    std::swap(events.front(), events.back());
  if (world_.mutated(Mutation::SilentWatch, 0.01)) silent_ = true;
  if (silent_) return;
  world_.violate(check_.look(events));
  for (auto event = events.begin(); event != events.end(); ++event) {
    if (event->type == client::WatchEvent::Type::Bookmark || !world_.perturbation.skips_event(who_)) continue;
    if (world_.mutation == Mutation::SkipForGood) {
      events.erase(event);
      break;
    }
    return end(Error(Code::Expired, "too old resource version"), true);
  }
  if (world_.faults.cut_watch()) return end(Error(Code::ServiceUnavailable, "the connection broke"), true);
  Lock lock(m_);
  if (end_) return;
  queue_.push_back(std::move(events));
  changed_.notify_all();
}

void Pipe::attach(std::shared_ptr<ServerLife> life, std::unique_ptr<client::Watch> from) {
  life_ = std::move(life);
  from_ = std::move(from);
}

void Pipe::begin_with(std::vector<client::WatchEvent> events, Duration held) {
  Lock lock(m_);
  queue_.push_back(std::move(events));
  first_ = true;
  held_ = held;
}

void Pipe::open() {
  thread_ = Thread("pipe", [this] { run(); });
}

void Pipe::end(Error error, bool at_once) {
  Lock lock(m_);
  if (end_) return;
  if (at_once) queue_.clear();
  end_ = std::move(error);
  changed_.notify_all();
}

std::optional<std::vector<client::WatchEvent>> Pipe::next() {
  Lock lock(m_);
  while (queue_.empty() && !end_ && !closed_) changed_.wait(m_);
  if (closed_ || queue_.empty()) return std::nullopt;
  auto out = std::move(queue_.front());
  queue_.pop_front();
  return out;
}

void Pipe::run() {
  while (auto events = next()) {
    world_.fibers.pause(world_.faults.delay());
    hold(world_.faults.stall());
    {
      Lock lock(m_);
      // What was on its way when the connection broke is lost.
      if (closed_ || (end_ && queue_.empty() && end_->code() == Code::ServiceUnavailable)) break;
    }
    sink_thread_ = this_thread_id();
    sink_.on_events(std::move(*events));
    sink_thread_ = 0;
    if (std::exchange(first_, false)) hold(held_);
  }
  std::optional<Error> end;
  {
    Lock lock(m_);
    if (!closed_) end = end_;
  }
  if (!end) return;
  sink_thread_ = this_thread_id();
  sink_.on_end(*end);
  sink_thread_ = 0;
}

void Pipe::hold(Duration how_long) {
  const Monotonic until = later(world_.clock.monotonic(), how_long);
  const bool in_trouble = world_.faults.are_on();
  Lock lock(m_);
  // What the trouble began ends with it.
  while (!closed_ && !end_ && world_.clock.monotonic() < until && in_trouble == world_.faults.are_on())
    changed_.wait_until(m_,
                        Deadline::at(std::min(until, later(world_.clock.monotonic(), kLook)), world_.clock));
}

void Pipe::close() {
  {
    Lock lock(m_);
    closed_ = true;
    changed_.notify_all();
  }
  from_.reset();
  life_.reset();
  if (sink_thread_ != this_thread_id()) thread_.join();
}

}  // namespace mizzen::sim
