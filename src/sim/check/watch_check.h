#pragma once
#include <map>
#include <string>
#include <vector>

#include "client/api/api_client.h"
#include "sim/check/log.h"

namespace mizzen::sim {

/// Role: holds one watch, as the server tells it, against the log: every change of what it follows, once, in
/// order, from where it began. Place: one for each watch. Threading: confined to the simulation's thread.
class WatchCheck {
 public:
  WatchCheck(const StoreLog& log, const api::ResourceInfo& resource, const client::ListOptions& options);

  /// What is wrong with these events after those before; empty where nothing is.
  std::string look(const std::vector<client::WatchEvent>& events);

 private:
  std::string look(const client::WatchEvent& event);
  /// Holds the objects of the beginning against what was there.
  std::string look_at_beginning(int64_t revision);

  const StoreLog& log_;
  const std::string top_, prefix_;
  std::map<std::string, int64_t> beginning_;  ///< what it told of it: keys and revisions
  const bool whole_;                          ///< no selector: each change has to come
  bool initial_;                              ///< objects of the beginning still come
  int64_t seen_ = 0;                          ///< what it has told up to
};

}  // namespace mizzen::sim
