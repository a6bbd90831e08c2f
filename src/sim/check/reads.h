#pragma once
#include <string>

#include "client/api/api_client.h"
#include "sim/check/log.h"

namespace mizzen::sim {

/// What is wrong with a read, by the log of what was committed; empty where nothing is. A read sees at least
/// what was acknowledged before it began (`acknowledged`: the highest such revision), and everybody sees the
/// same, also of writes whose outcome their writer never learned.
/// `revision`: of the object that was read, 0 where it was not found.
std::string wrong_get(const StoreLog& log, const std::string& key, int64_t revision, int64_t acknowledged);
/// A list of the newest, whole or of a selection.
std::string wrong_list(const StoreLog& log, const api::ResourceInfo& resource,
                       const client::ListOptions& options, const client::ObjectList& list,
                       int64_t acknowledged);

}  // namespace mizzen::sim
