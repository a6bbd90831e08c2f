#include "sim/disk/background.h"

#include <algorithm>

#include "sim/fibers/out_of_turn.h"

namespace mizzen::sim {

Background::Background() {
  const OutOfTurn out;
  thread_ = Thread("engine", [this] { work(); });
}

Background::~Background() {
  const OutOfTurn out;
  {
    Lock lock(m_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Background::schedule(bool urgent, void* tag, std::function<void()> job,
                          std::function<void()> unscheduled) {
  const OutOfTurn out;
  Lock lock(m_);
  queue_.push_back({urgent, tag, std::move(job), std::move(unscheduled)});
  changed_.notify_all();
}

int Background::unschedule(bool urgent, const void* tag) {
  const OutOfTurn out;
  std::deque<Job> taken;
  {
    Lock lock(m_);
    std::deque<Job> left;
    for (Job& job : queue_) (job.urgent == urgent && job.tag == tag ? taken : left).push_back(std::move(job));
    queue_ = std::move(left);
  }
  for (const Job& job : taken)
    if (job.unscheduled) job.unscheduled();
  return static_cast<int>(taken.size());
}

size_t Background::waiting(bool urgent) const {
  const OutOfTurn out;
  Lock lock(m_);
  return static_cast<size_t>(
      std::count_if(queue_.begin(), queue_.end(), [&](const Job& job) { return job.urgent == urgent; }));
}

void Background::run(const std::function<void()>& f) {
  const OutOfTurn out;
  {
    Lock lock(m_);
    open_ = true;
    changed_.notify_all();
  }
  f();
  Lock lock(m_);
  while (running_ || !queue_.empty()) changed_.wait(m_);
  open_ = false;
}

void Background::work() {
  Lock lock(m_);
  for (;;) {
    while (!stopping_ && (!open_ || queue_.empty())) changed_.wait(m_);
    if (stopping_) return;
    auto next = std::find_if(queue_.begin(), queue_.end(), [](const Job& job) { return job.urgent; });
    if (next == queue_.end()) next = queue_.begin();
    const Job job = std::move(*next);
    queue_.erase(next);
    running_ = true;
    m_.unlock();
    job.run();
    m_.lock();
    running_ = false;
    changed_.notify_all();
  }
}

}  // namespace mizzen::sim
