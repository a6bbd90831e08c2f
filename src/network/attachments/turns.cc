#include "network/attachments/turns.h"

#include <utility>

namespace mizzen::network {
namespace {

Error too_late() {
  return Error(Code::TooManyRequests, "the pod network is busy with the same container: try again later");
}

}  // namespace

Turns::Turn::Turn(Turns& turns, const AttachmentKey* key)
    : turns_(&turns), key_(key ? *key : AttachmentKey()), all_(!key) {}

Turns::Turn::Turn(Turn&& other) noexcept
    : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)), all_(other.all_) {}

Turns::Turn::~Turn() {
  if (!turns_) return;
  Lock lock(turns_->m_);
  if (all_) {
    turns_->all_taken_ = false;
  } else {
    turns_->taken_.erase(key_);
  }
  turns_->changed_.notify_all();
}

Result<Turns::Turn> Turns::take(const AttachmentKey& key, Deadline deadline) {
  return take(key, deadline, false);
}
Result<Turns::Turn> Turns::take_also(const AttachmentKey& key, Deadline deadline) {
  return take(key, deadline, true);
}

Result<Turns::Turn> Turns::take(const AttachmentKey& key, Deadline deadline, bool holds_one) {
  Lock lock(m_);
  while (taken_.contains(key) || (!holds_one && (all_taken_ || waiting_for_all_ > 0))) {
    if (deadline.expired()) return too_late();
    changed_.wait_until(m_, deadline);
  }
  taken_.insert(key);
  return Turn(*this, &key);
}

Result<Turns::Turn> Turns::take_all(Deadline deadline) {
  Lock lock(m_);
  ++waiting_for_all_;
  while (all_taken_ || !taken_.empty()) {
    if (deadline.expired()) break;
    changed_.wait_until(m_, deadline);
  }
  --waiting_for_all_;
  if (all_taken_ || !taken_.empty()) {
    changed_.notify_all();
    return too_late();
  }
  all_taken_ = true;
  return Turn(*this, nullptr);
}

}  // namespace mizzen::network
