#include "sim/world/mutation.h"

#include <utility>

namespace mizzen::sim {

Mutation mutation_named(std::string_view name) {
  static constexpr std::pair<std::string_view, Mutation> kNames[] = {
      {"drop-event", Mutation::DropEvent},
      {"skip-for-good", Mutation::SkipForGood},
      {"swap-events", Mutation::SwapEvents},
      {"silent-watch", Mutation::SilentWatch},
      {"error-is-not-found", Mutation::ErrorIsNotFound},
      {"two-leaders", Mutation::TwoLeaders},
      {"false-answer", Mutation::FalseAnswer},
      {"unsynced-write", Mutation::UnsyncedWrite},
      {"unsynced-folder", Mutation::UnsyncedFolder}};
  for (const auto& [known, mutation] : kNames)
    if (known == name) return mutation;
  return Mutation::None;
}

}  // namespace mizzen::sim
