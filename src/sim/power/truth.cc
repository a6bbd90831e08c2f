#include "sim/power/truth.h"

#include <fmt/format.h>

#include <cstdlib>

namespace mizzen::sim {
namespace {

using store::Event;

bool same(const Event& a, const Event& b) {
  return a.type == b.type && a.kv.key == b.kv.key && store::view(a.kv.value) == store::view(b.kv.value) &&
         a.kv.mod_revision == b.kv.mod_revision &&
         (a.type == Event::Type::Delete ||
          (a.kv.create_revision == b.kv.create_revision && a.kv.version == b.kv.version));
}

}  // namespace

uint64_t Truth::plan(std::set<std::string> puts, std::set<std::string> deletes, size_t value_bytes) {
  const uint64_t id = next_++;
  std::string value = fmt::format("{}:", id);
  while (value.size() < value_bytes) value += static_cast<char>('a' + (id + value.size()) % 26);
  planned_[id] = {std::move(puts), std::move(deletes), std::move(value)};
  return id;
}

void Truth::acknowledge(uint64_t id, int64_t revision) { planned_.at(id).acknowledged = revision; }

void Truth::tell(const std::vector<Event>& events) {
  for (const Event& event : events) history_[event.kv.mod_revision.get()].push_back(event);
}

std::string Truth::look_at(int64_t revision, const Events& events) {
  const auto known = history_.find(revision);
  if (known != history_.end()) {
    if (!std::equal(events.begin(), events.end(), known->second.begin(), known->second.end(), same))
      return fmt::format("revision {} is not what watches were told", revision);
  } else {
    history_[revision] = events;
  }
  uint64_t id = 0;
  for (const Event& event : events)
    if (event.type == Event::Type::Put)
      id = std::strtoull(std::string(store::view(event.kv.value)).c_str(), nullptr, 10);
  if (id == 0) {
    for (const Event& event : events)
      if (!event.kv.key.starts_with("leased/")) return fmt::format("nobody asked for revision {}", revision);
    return "";
  }
  const auto found = planned_.find(id);
  if (found == planned_.end()) return fmt::format("revision {} was made by nobody", revision);
  Planned& planned = found->second;
  if (planned.acknowledged != 0 && planned.acknowledged != revision)
    return fmt::format("transaction {} made revision {} and stands at {}", id, planned.acknowledged,
                       revision);
  planned.acknowledged = revision;  // whoever looks from now on sees it
  size_t puts = 0;
  for (const Event& event : events) {
    const bool put = event.type == Event::Type::Put;
    puts += put;
    if (!(put ? planned.puts : planned.deletes).contains(event.kv.key))
      return fmt::format("revision {} changes {}, which transaction {} did not", revision, event.kv.key, id);
    if (put && store::view(event.kv.value) != planned.value)
      return fmt::format("revision {} has another value of {}", revision, event.kv.key);
  }
  return puts == planned.puts.size() ? ""
                                     : fmt::format("revision {} is a part of transaction {}", revision, id);
}

std::string Truth::compare(const store::RangeResult& content) const {
  std::map<std::string, store::KeyValue> wanted;
  for (const auto& [revision, events] : history_)
    for (const Event& event : events) {
      if (event.type == Event::Type::Delete) {
        wanted.erase(event.kv.key);
      } else {
        wanted[event.kv.key] = event.kv;
      }
    }
  for (const store::KeyValue& kv : content.kvs) {
    const auto found = wanted.find(kv.key);
    if (found == wanted.end())
      return fmt::format("{} is there, of revision {}, and should not be", kv.key, kv.mod_revision.get());
    if (!same({.kv = kv}, {.kv = found->second})) return kv.key + " is not as it was written";
    wanted.erase(found);
  }
  return wanted.empty() ? "" : wanted.begin()->first + " is lost";
}

std::string Truth::check(int64_t revision, const std::vector<Event>& history,
                         const store::RangeResult& content) {
  for (const auto& [id, planned] : planned_)
    if (planned.acknowledged > revision)
      return fmt::format("opened at revision {}; {} was acknowledged", revision, planned.acknowledged);
  if (newest() > revision)
    return fmt::format("opened at revision {}; watches were told {}", revision, newest());
  std::map<int64_t, Events> found;
  for (const Event& event : history) found[event.kv.mod_revision.get()].push_back(event);
  for (int64_t r = compacted_ + 1; r <= revision; ++r)
    if (!found.contains(r)) return fmt::format("there is no revision {} of {}", r, revision);
  for (const auto& [r, events] : found)
    if (std::string wrong = look_at(r, events); !wrong.empty()) return wrong;
  // Those that came about before are in the history of what watches were told.
  for (const auto& [id, planned] : planned_)
    if (planned.acknowledged > 0 && !history_.contains(planned.acknowledged))
      return fmt::format("transaction {} at revision {} is lost", id, planned.acknowledged);
  return compare(content);
}

}  // namespace mizzen::sim
