#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "codec/tables/containers.h"
#include "codec/tables/quantity.h"

namespace mizzen::placement {

/// Amounts as placement counts them: thousandths of a CPU, bytes, whole numbers of everything else.
struct Amounts {
  int64_t milli_cpu = 0;
  int64_t memory = 0;
  int64_t ephemeral_storage = 0;
  int64_t pods = 0;
  std::map<std::string, int64_t> others;  ///< extended resources and huge pages; none is zero

  static Amounts of(const codec::Map<codec::Quantity>& list);
  void add(const Amounts& other, int64_t sign = 1);
  /// Of each resource the larger amount.
  void raise_to(const Amounts& other);
  /// Of a resource in `others`; 0 where there is none.
  int64_t other(const std::string& name) const;
  friend bool operator==(const Amounts&, const Amounts&) = default;
};

}  // namespace mizzen::placement
