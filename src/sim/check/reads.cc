#include "sim/check/reads.h"

#include <fmt/format.h>

#include <cstdlib>

#include "apiserver/entry/stored.h"

namespace mizzen::sim {

std::string wrong_get(const StoreLog& log, const std::string& key, int64_t revision, int64_t acknowledged) {
  const StoreLog::Change* const known = log.last_change(key, acknowledged);
  if (revision == 0) {
    if (known && !known->deleted && !log.deleted_after(key, acknowledged))
      return fmt::format("{} was not found and is there since {}", key, known->revision);
    return "";
  }
  const StoreLog::Change* const read = log.last_change(key, revision);
  if (!read || read->revision != revision || read->deleted)
    return fmt::format("{} was read at {}, which it never had", key, revision);
  if (known && revision < known->revision)
    return fmt::format("{} was read at {} after {} was acknowledged", key, revision, known->revision);
  return "";
}

std::string wrong_list(const StoreLog& log, const api::ResourceInfo& resource,
                       const client::ListOptions& options, const client::ObjectList& list,
                       int64_t acknowledged) {
  if (!options.resource_version.empty() || options.limit != 0 || !options.continue_token.empty()) return "";
  const std::string top = apiserver::storage_prefix(resource);
  const std::string prefix = top + (options.namespace_.empty() ? "" : options.namespace_ + "/");
  const int64_t at = std::strtoll(list.resource_version.c_str(), nullptr, 10);
  if (const int64_t next = log.next_change(prefix, at); next != 0 && next <= acknowledged)
    return fmt::format("a list of {} is as of {} after {} was acknowledged", prefix, at, next);
  const auto there = log.content(prefix, at);
  for (const auto& item : list.items) {
    const auto& meta = item.meta();
    const std::string key = top + apiserver::entry_key(meta.namespace_, meta.name);
    const auto found = there.find(key);
    if (found == there.end() || std::to_string(found->second) != meta.resourceVersion)
      return fmt::format("a list of {} at {} has {} of {}, which is not so", prefix, at, key,
                         meta.resourceVersion);
  }
  const bool whole = options.label_selector.empty() && options.field_selector.empty();
  if (whole && list.items.size() != there.size())
    return fmt::format("a list of {} at {} has {} objects, and {} are there", prefix, at, list.items.size(),
                       there.size());
  return "";
}

}  // namespace mizzen::sim
