#include "base/cooperation.h"

#include <atomic>

#include "base/check.h"

namespace mizzen {
namespace {

std::atomic<uint64_t> g_threads{0};
std::atomic<size_t> g_per_thread{0};
/// Numbers of the system's threads have this bit, so that none is the number of one that takes turns.
constexpr uint64_t kOfTheSystem = uint64_t{1} << 63;

}  // namespace

uint64_t this_thread_id() {
  if (const Cooperation* const c = cooperation()) return c->current();
  thread_local const uint64_t id = kOfTheSystem | ++g_threads;
  return id;
}

PerThread::Values& PerThread::values() {
  thread_local Values values{};
  return values;
}

PerThread::PerThread() : index_(g_per_thread.fetch_add(1)) {
  MZ_CHECK(index_ < kMax, "more than {} numbers for each thread", kMax);
}

}  // namespace mizzen
