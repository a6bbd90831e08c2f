#include "store/testing/recorder.h"

#include <gtest/gtest.h>

namespace mizzen::store {
namespace {

Deadline patience() { return Deadline::after(std::chrono::seconds(10), real_clock()); }

}  // namespace

WatchSink Recorder::sink() {
  return [this](const WatchMessage& message) { take(message); };
}

void Recorder::take(const WatchMessage& message) {
  Lock lock(m_);
  EXPECT_FALSE(end_.has_value()) << "a message after the end";
  if (message.end) {
    end_ = message.end;
  } else {
    EXPECT_GE(message.revision, newest_) << "a message's revision went back";
    newest_ = message.revision;
    Batch batch{message.revision, {}};
    for (const Event* event : message.events) {
      EXPECT_LE(event->kv.mod_revision, message.revision);
      if (!batch.events.empty()) {
        EXPECT_GE(event->kv.mod_revision, batch.events.back().kv.mod_revision);
      }
      batch.events.push_back(*event);
    }
    count_ += batch.events.size();
    batches_.push_back(std::move(batch));
  }
  changed_.notify_all();
}

std::vector<Event> Recorder::events() const {
  std::vector<Event> out;
  for (const Batch& batch : batches_) out.insert(out.end(), batch.events.begin(), batch.events.end());
  return out;
}

std::vector<Event> Recorder::wait_events(size_t n) {
  Lock lock(m_);
  const Deadline deadline = patience();
  while (count_ < n && !end_ && changed_.wait_until(m_, deadline)) {
  }
  return events();
}

bool Recorder::wait_revision(Revision revision) {
  Lock lock(m_);
  const Deadline deadline = patience();
  while (newest_ < revision && !end_ && changed_.wait_until(m_, deadline)) {
  }
  return newest_ >= revision;
}

std::optional<Error> Recorder::wait_end() {
  Lock lock(m_);
  const Deadline deadline = patience();
  while (!end_ && changed_.wait_until(m_, deadline)) {
  }
  return end_;
}

std::vector<Recorder::Batch> Recorder::batches() const {
  Lock lock(m_);
  return batches_;
}

}  // namespace mizzen::store
