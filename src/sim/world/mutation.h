#pragma once
#include <cstdint>
#include <string_view>

namespace mizzen::sim {

/// A fault that is put in on purpose, so that a test shows that the checks find it.
enum class Mutation : uint8_t {
  None,
  SkipForGood,      ///< an event that a plan takes away is left out, and the watch goes on
  DropEvent,        ///< the server's watches leave out a change
  SwapEvents,       ///< they tell two changes in the wrong order
  SilentWatch,      ///< they stop telling anything, and do not end
  ErrorIsNotFound,  ///< whoever cannot reach the server believes that the object is gone
  TwoLeaders,       ///< managers do not see each other's lease
  UnsyncedWrite,    ///< the disk says that bytes are synced which are not
  UnsyncedFolder,   ///< it says so of a folder's names
  FalseAnswer,      ///< an update is answered as done and is not
};

/// By the name that the command line takes; None where unknown.
Mutation mutation_named(std::string_view name);

}  // namespace mizzen::sim
