#include "store/etcd/revision_reads.h"

#include <algorithm>

#include "store/contract/errors.h"

namespace mizzen::store::etcd {

RevisionReads::RevisionReads(const Clock& clock, Read read)
    : clock_(clock),
      read_(std::move(read)),
      thread_(clock, {.name = "store-revision", .threads_max = 1, .queue_max = 1}) {}

RevisionReads::~RevisionReads() {
  {
    Lock lock(m_);
    stopping_ = true;
  }
  thread_.stop();
}

void RevisionReads::ask(Deadline deadline, Done done) {
  std::optional<Error> refused;
  bool start = false;
  {
    Lock lock(m_);
    if (stopping_) {
      refused = stopped();
    } else if (rounds_.waiting() >= kAskersMax) {
      refused = too_many_requests();
    } else {
      start = rounds_.join({deadline, std::move(done)});
    }
  }
  if (refused) return done(*refused);
  if (start) MZ_CHECK(thread_.post([this] { run(); }), "the thread that reads has no room for one function");
}

Result<Revision> RevisionReads::ask(Deadline deadline) {
  struct Answer {
    Mutex m;
    CondVar changed;
    std::optional<Result<Revision>> result MZ_GUARDED_BY(m);
  };
  const auto answer = std::make_shared<Answer>();
  ask(deadline, [answer](Result<Revision> result) {
    Lock lock(answer->m);
    answer->result = std::move(result);
    answer->changed.notify_all();
  });
  Lock lock(answer->m);
  while (!answer->result) {
    if (!answer->changed.wait_until(answer->m, deadline) && deadline.expired() && !answer->result)
      return timed_out();
  }
  return *answer->result;
}

void RevisionReads::run() {
  std::vector<Asker> askers;
  {
    Lock lock(m_);
    askers = rounds_.begin();
  }
  for (;;) {
    const Result<Revision> result = read(askers);
    std::vector<Asker> left = tell(std::move(askers), result);
    Lock lock(m_);
    for (Asker& asker : left) (void)rounds_.join(std::move(asker));
    if (!rounds_.end()) return;
    askers = rounds_.begin();
  }
}

Result<Revision> RevisionReads::read(const std::vector<Asker>& askers) {
  {
    Lock lock(m_);
    if (stopping_) return stopped();
  }
  // As long as the most patient of them waits: a hasty one among them costs the others nothing.
  Duration time{};
  for (const Asker& asker : askers) time = std::max(time, asker.deadline.left());
  if (time == Duration()) return timed_out();
  sent_.fetch_add(1, std::memory_order_relaxed);
  return read_(Deadline::after(std::min(time, kReadMax), clock_));
}

std::vector<RevisionReads::Asker> RevisionReads::tell(std::vector<Asker> askers,
                                                      const Result<Revision>& result) {
  std::vector<Asker> left;
  for (Asker& asker : askers) {
    const bool late = !result.ok() && result.error().code() == Code::Timeout;
    if (late && !asker.deadline.expired()) {
      left.push_back(std::move(asker));
    } else {
      asker.done(result);
    }
  }
  return left;
}

}  // namespace mizzen::store::etcd
