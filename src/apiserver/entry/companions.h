#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen::apiserver {

/// Role: keeps decoded objects and JSON texts of entries alive while there is room and they are young; an
/// entry itself only remembers them weakly and makes them again when asked. So resident memory follows the
/// protobuf bytes, not the readers. Threading: thread-safe. Bounds: bytes_max of estimated size; the oldest
/// go first.
class Companions {
 public:
  explicit Companions(size_t bytes_max) : bytes_max_(bytes_max) {}
  void keep(std::shared_ptr<const void> companion, size_t bytes);
  /// Lets go of what was kept before the last call but one. Called now and then.
  void age();
  size_t bytes() const;
  size_t bytes_max() const { return bytes_max_; }

 private:
  using Kept = std::deque<std::pair<std::shared_ptr<const void>, size_t>>;
  void drop_oldest(Kept& gone) MZ_REQUIRES(m_);

  const size_t bytes_max_;
  mutable Mutex m_;
  Kept kept_ MZ_GUARDED_BY(m_);
  size_t bytes_ MZ_GUARDED_BY(m_) = 0;
  size_t old_ MZ_GUARDED_BY(m_) = 0;  ///< so many at the front were there at the last age()
};

using CompanionsPtr = std::shared_ptr<Companions>;

}  // namespace mizzen::apiserver
