#include "apps/process/heap_trimmer.h"

#include <malloc.h>

namespace mizzen::apps {
namespace {

/// Less is not worth the time.
constexpr size_t kFreeMin = 24u << 20;

HeapUse heap_use() {
  const auto info = mallinfo2();
  return {info.uordblks, info.fordblks};
}

}  // namespace

bool worth_trimming(const HeapUse& last, const HeapUse& now) {
  return now.free >= kFreeMin && now.free >= now.used / 4 && last.free >= now.free / 10 * 9;
}

HeapTrimmer::HeapTrimmer() : pool_(real_clock(), {"heap-trimmer", 1, 2, 2}), timers_(pool_, real_clock()) {
  timers_.after(kPeriod, [this] { look(); });
}

HeapTrimmer::~HeapTrimmer() {
  timers_.stop();
  pool_.stop();
}

void HeapTrimmer::look() {
  const HeapUse now = heap_use();
  if (worth_trimming(last_, now)) malloc_trim(0);
  last_ = heap_use();
  timers_.after(kPeriod, [this] { look(); });
}

}  // namespace mizzen::apps
