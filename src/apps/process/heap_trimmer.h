#pragma once
#include <cstddef>

#include "async/executor.h"
#include "async/timers.h"

namespace mizzen::apps {

/// What the allocator holds.
struct HeapUse {
  size_t used = 0;  ///< bytes in use
  size_t free = 0;  ///< bytes it keeps for later
};
/// True where so much has been free for a while that the system should have it back: much beside what is in
/// use, and no less than at the last look, so that memory in motion is left alone.
bool worth_trimming(const HeapUse& last, const HeapUse& now);

/// Role: gives memory that was freed back to the system. glibc does so by itself at the top of a heap only,
/// and a cache that shrinks leaves holes. Place: one in the server's process. Threading: looks every kPeriod
/// on a thread of its own; trimming holds the allocator's locks for some milliseconds for each 100 MB.
class HeapTrimmer {
 public:
  static constexpr Duration kPeriod = std::chrono::seconds(15);

  HeapTrimmer();
  ~HeapTrimmer();

 private:
  void look();

  ThreadPool pool_;
  Timers timers_;
  HeapUse last_;
};

}  // namespace mizzen::apps
