#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mizzen {

/// Source of random numbers; inject it so that tests and the simulation can replay a seed.
/// Threading: thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;
  /// Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
};

/// Random bytes of the kernel (getrandom): keys, tokens, uids. For who composes a program, and tests.
Random& secure_random();
/// A generator of its own from a seed; not for secrets. Externally synchronised.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t next() override;

 private:
  uint64_t state_;
};

/// A version 4 UUID in lower case.
std::string uuid(Random& random);
/// n characters of Kubernetes' safe alphabet (no vowels, no 0 1 3): the suffix of generated names.
std::string safe_suffix(Random& random, size_t n);
/// Rewrites each byte of `text` into the safe alphabet, as upstream does with hashes in names.
std::string safe_encode(std::string_view text);

}  // namespace mizzen
