#pragma once
#include <utility>

#include "base/cooperation.h"

namespace mizzen::sim {

/// While it lives, the calling thread blocks and starts threads as in the program: for what stands below the
/// simulation and is never waited for by turns.
class OutOfTurn {
 public:
  OutOfTurn() : turns_(cooperation()) { set_cooperation(nullptr); }
  ~OutOfTurn() { set_cooperation(turns_); }
  OutOfTurn(const OutOfTurn&) = delete;

 private:
  Cooperation* const turns_;
};

}  // namespace mizzen::sim
