#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace mizzen {
namespace {
constexpr std::string_view kSafe = "bcdfghjklmnpqrstvwxz2456789";

/// Numbers of one thread, fetched many at a time: a call of the kernel for each would cost more than a small
/// request. What has been given out is wiped. At most 256 bytes, which getrandom gives whole.
struct Fetched {
  std::array<uint64_t, 32> numbers;
  size_t left = 0;
};

class SecureRandom final : public Random {
 public:
  uint64_t next() override {
    thread_local Fetched fetched;
    if (fetched.left == 0) {
      const ssize_t size = sizeof fetched.numbers;
      if (getrandom(fetched.numbers.data(), sizeof fetched.numbers, 0) != size) std::abort();
      fetched.left = fetched.numbers.size();
    }
    return std::exchange(fetched.numbers[--fetched.left], 0);
  }
};
}  // namespace

uint64_t Random::below(uint64_t bound) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t v = next();
  while (v >= limit) v = next();
  return v % bound;
}
double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

Random& secure_random() {
  static SecureRandom random;
  return random;
}

uint64_t SeededRandom::next() {  // splitmix64
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string uuid(Random& random) {
  uint64_t a = random.next(), b = random.next();
  a = (a & ~0xf000ull) | 0x4000;
  b = (b & ~(3ull << 62)) | (2ull << 62);
  char out[37];
  std::snprintf(out, sizeof out, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16) & 0xffff, static_cast<unsigned>(a) & 0xffff,
                static_cast<unsigned>(b >> 48), static_cast<unsigned long long>(b & 0xffffffffffff));
  return out;
}

std::string safe_suffix(Random& random, size_t n) {
  std::string out(n, 'b');
  for (char& c : out) c = kSafe[random.below(kSafe.size())];
  return out;
}

std::string safe_encode(std::string_view text) {
  std::string out;
  for (unsigned char c : text) out.push_back(kSafe[c % kSafe.size()]);
  return out;
}

}  // namespace mizzen
