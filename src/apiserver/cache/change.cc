#include "apiserver/cache/change.h"

namespace mizzen::apiserver {

size_t Change::bytes() const {
  // The state before is most often the state of the change before, which counts it.
  constexpr size_t kOverhead = 512;
  return kOverhead + (entry_ ? entry_->wire().size() : 0);
}

EntryPtr Change::departed() const {
  Lock lock(m_);
  if (!departed_ && previous_) departed_ = previous_->at(revision_);
  return departed_;
}

http::Slice Change::frame(uint64_t form, const std::function<http::Slice()>& encode) const {
  {
    Lock lock(m_);
    for (const auto& [made, frame] : frames_)
      if (made == form) return frame;
  }
  http::Slice frame = encode();
  Lock lock(m_);
  if (frames_.size() < kFramesMax) frames_.emplace_back(form, frame);
  return frame;
}

void Change::drop_frames() const {
  Lock lock(m_);
  frames_ = {};
}

}  // namespace mizzen::apiserver
