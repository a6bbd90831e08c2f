#include "apiserver/cache/roster.h"

#include <algorithm>

#include "apiserver/cache/cache.h"
#include "base/check.h"

namespace mizzen::apiserver {
namespace {

/// The field that says most about which objects a selector can hit; null where none must equal a value.
const machinery::FieldSelector::Term* telling_field(const Filter& filter) {
  for (const auto& term : filter.fields.terms())
    if (term.equals && term.field != "metadata.name" && term.field != "metadata.namespace") return &term;
  return nullptr;
}

std::string field_key(std::string_view field, std::string_view value) {
  std::string out(field);
  out += '\0';
  out += value;
  return out;
}

}  // namespace

Roster::Place Roster::place_of(const Filter& filter) {
  const bool namespaced = cache_.resource().namespaced;
  if (!filter.name.empty() && (!namespaced || !filter.namespace_.empty()))
    return {&by_key_, entry_key(namespaced ? filter.namespace_ : "", filter.name)};
  if (const auto* term = telling_field(filter)) return {&by_field_, field_key(term->field, term->value)};
  if (!filter.namespace_.empty()) return {&by_namespace_, filter.namespace_};
  return {nullptr, ""};
}

void Roster::add(std::shared_ptr<Subscription> subscription) {
  MZ_CHECK(lane_.here() && !stopped_, "a watcher comes to a roster that is closed, or away from its lane");
  // Nobody followed: what came meanwhile is nobody's here, and a new watcher reads it by itself.
  if (size() == 0 && chunk_.empty()) position_ = std::max(position_, cache_.revision());
  const Place place = place_of(subscription->filter());
  (place.groups ? (*place.groups)[place.key] : all_).push_back(std::move(subscription));
  ++count_;
}

void Roster::remove(const Subscription& subscription) {
  const Place place = place_of(subscription.filter());
  Group& group = place.groups ? (*place.groups)[place.key] : all_;
  const auto it =
      std::find_if(group.begin(), group.end(), [&](const auto& s) { return s.get() == &subscription; });
  if (it != group.end()) {
    std::swap(*it, group.back());
    group.pop_back();
    --count_;
  }
  if (place.groups && group.empty()) place.groups->erase(place.key);
}

std::vector<std::shared_ptr<Subscription>> Roster::everyone() const {
  std::vector<std::shared_ptr<Subscription>> out = all_;
  for (const auto* groups : {&by_key_, &by_namespace_, &by_field_}) {
    // By key, so that the order is the same in every run.
    std::vector<std::pair<std::string_view, const Group*>> sorted;
    sorted.reserve(groups->size());
    for (const auto& [key, group] : *groups) sorted.emplace_back(key, &group);
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [key, group] : sorted) out.insert(out.end(), group->begin(), group->end());
  }
  return out;
}

void Roster::end_all(const Error& error) {
  for (const auto& s : everyone()) s->end(error);
}

void Roster::stop(const Error& why) {
  stopped_ = true;
  for (const auto& s : everyone()) s->stop(why);
}

void Roster::forget() {
  told_.clear();
  chunk_.clear();
  next_told_ = next_change_ = 0;
}

void Roster::bookmark(int64_t revision) {
  if (stopped_) return;
  // Only where everything up to it has been told here; the next one comes soon enough.
  std::vector<ChangePtr> left;
  int64_t reached = 0;
  if (!chunk_.empty() || !cache_.read_ring(position_, 1, left, reached) || !left.empty()) return;
  for (const auto& s : everyone()) s->on_bookmark(revision);
}

void Roster::wake() {
  if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;
  lane_.post([self = shared_from_this()] { self->run(); });
}

void Roster::run() {
  scheduled_.store(false, std::memory_order_release);
  if (stopped_) return forget();
  const Monotonic until = clock_.monotonic() + kTurnMax;
  for (;;) {
    const bool told = deliver(until);
    // A watcher may have stopped the cache; and a turn that was posted before that must not post another.
    if (stopped_) return forget();
    if (!told || clock_.monotonic() > until) return wake();
    // Everything read has been told: the next piece.
    chunk_.clear();
    next_change_ = 0;
    int64_t reached = 0;
    if (!cache_.read_ring(position_, Subscription::kChunk, chunk_, reached)) {
      const int64_t told_to = std::exchange(position_, reached);
      for (const auto& s : everyone()) s->on_gap(told_to);
      continue;
    }
    if (chunk_.empty()) {
      position_ = std::max(position_, reached);
      return;
    }
  }
}

bool Roster::deliver(Monotonic until) {
  size_t handed = 0;
  for (;;) {
    while (next_told_ < told_.size()) {
      // Held here: a watcher may close while it is told.
      const std::shared_ptr<Subscription> s = std::move(told_[next_told_++]);
      if (!s->closed()) s->on_live(chunk_[next_change_ - 1]);
      if (++handed % 16 == 0 && clock_.monotonic() > until) return false;
    }
    told_.clear();
    next_told_ = 0;
    if (next_change_ > 0) position_ = std::max(position_, chunk_[next_change_ - 1]->revision());
    if (next_change_ == chunk_.size()) return true;
    MZ_CHECK(chunk_[next_change_]->revision() >= position_, "told of {} already, now of {}", position_,
             chunk_[next_change_]->revision());
    gather(*chunk_[next_change_++]);
  }
}

void Roster::gather(const absl::flat_hash_map<std::string, Group>& groups, const std::string& key) {
  const auto it = groups.find(key);
  if (it != groups.end()) told_.insert(told_.end(), it->second.begin(), it->second.end());
}

void Roster::gather_fields(const Entry& entry) {
  entry.each_field(
      [this](std::string_view field, std::string_view value) { gather(by_field_, field_key(field, value)); });
}

void Roster::gather(const Change& change) {
  MZ_CHECK(told_.empty(), "{} watchers have not been told of the change before", told_.size());
  told_ = all_;
  const Entry& entry = *change.entry();
  if (!by_key_.empty()) gather(by_key_, std::string(entry.key()));
  if (!by_namespace_.empty()) gather(by_namespace_, std::string(entry.namespace_()));
  if (by_field_.empty()) return;
  gather_fields(entry);
  if (!change.previous()) return;
  // Those who selected the state before, where it differs.
  change.previous()->each_field([&](std::string_view field, std::string_view value) {
    if (entry.field(field) != value) gather(by_field_, field_key(field, value));
  });
}

}  // namespace mizzen::apiserver
