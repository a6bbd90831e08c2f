#include "apiserver/entry/companions.h"

namespace mizzen::apiserver {

void Companions::drop_oldest(Kept& gone) {
  bytes_ -= kept_.front().second;
  gone.push_back(std::move(kept_.front()));
  kept_.pop_front();
  if (old_ > 0) --old_;
}

void Companions::keep(std::shared_ptr<const void> companion, size_t bytes) {
  Kept gone;  // destroyed without the lock
  Lock lock(m_);
  kept_.emplace_back(std::move(companion), bytes);
  bytes_ += bytes;
  while (bytes_ > bytes_max_ && kept_.size() > 1) drop_oldest(gone);
}

void Companions::age() {
  Kept gone;
  Lock lock(m_);
  while (old_ > 0) drop_oldest(gone);
  old_ = kept_.size();
  if (kept_.empty()) kept_.shrink_to_fit();
}

size_t Companions::bytes() const {
  Lock lock(m_);
  return bytes_;
}

}  // namespace mizzen::apiserver
