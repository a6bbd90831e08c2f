#include "apiserver/cache/selector_index.h"

#include <algorithm>

namespace mizzen::apiserver {
namespace {

/// A condition that an index can answer: the value is one of these.
struct Term {
  IndexKey key;
  std::vector<std::string_view> values;
};

std::vector<Term> terms_of(const Filter& filter) {
  std::vector<Term> out;
  for (const auto& term : filter.fields.terms())
    if (term.equals && term.field != "metadata.name" && term.field != "metadata.namespace")
      out.push_back({{false, term.field}, {term.value}});
  using Op = machinery::Requirement::Op;
  for (const auto& r : filter.labels.requirements())
    if (r.op == Op::Equals || r.op == Op::DoubleEquals || r.op == Op::In)
      out.push_back({{true, r.key}, {r.values.begin(), r.values.end()}});
  return out;
}

}  // namespace

std::optional<std::string_view> SelectorIndex::value_of(const Entry& entry) const {
  if (key_.label) return entry.label(key_.name);
  return entry.field(key_.name);
}

void SelectorIndex::add(const EntryPtr& entry) {
  const auto value = value_of(*entry);
  if (!value) return;
  Posting& posting = postings_[std::string(*value)];
  ++posting.count;
  if (posting.many) return;
  if (posting.count > kFewMax) {
    posting.many = true;
    posting.few = {};
  } else {
    posting.few.push_back(entry);
  }
}

void SelectorIndex::remove(const Entry& entry) {
  const auto value = value_of(entry);
  if (!value) return;
  const auto it = postings_.find(std::string(*value));
  if (it == postings_.end()) return;
  Posting& posting = it->second;
  if (!posting.many) {
    const auto at = std::find_if(posting.few.begin(), posting.few.end(),
                                 [&](const auto& e) { return e.get() == &entry; });
    if (at == posting.few.end()) return;
    std::swap(*at, posting.few.back());
    posting.few.pop_back();
  }
  if (--posting.count == 0) {
    postings_.erase(it);
  } else if (posting.many && posting.count < kFewMax / 4) {
    worn_ = true;
  }
}

const std::vector<EntryPtr>* SelectorIndex::find(std::string_view value) const {
  static const std::vector<EntryPtr> none;
  const auto it = postings_.find(std::string(value));
  if (it == postings_.end()) return &none;
  return it->second.many ? nullptr : &it->second.few;
}

SelectorIndexes::Held* SelectorIndexes::find(const IndexKey& key) {
  for (Held& held : held_)
    if (held.index.key() == key) return &held;
  return nullptr;
}

std::optional<std::vector<EntryPtr>> SelectorIndexes::candidates(const Filter& filter, Monotonic now,
                                                                 std::optional<IndexKey>& wanted) {
  std::optional<std::vector<const std::vector<EntryPtr>*>> best;
  size_t best_size = 0;
  for (const Term& term : terms_of(filter)) {
    Held* held = find(term.key);
    if (!held || held->index.worn()) {
      if (!wanted) wanted = term.key;
      if (!held) continue;
    }
    held->used = now;
    std::vector<const std::vector<EntryPtr>*> found;
    size_t size = 0;
    for (const std::string_view value : term.values) {
      const auto* posting = held->index.find(value);
      size += posting ? posting->size() : SelectorIndex::kFewMax + 1;
      found.push_back(posting);
    }
    if (size > SelectorIndex::kFewMax || (best && size >= best_size)) continue;
    best = std::move(found);
    best_size = size;
  }
  if (!best) return std::nullopt;
  wanted.reset();  // narrow enough as it is
  std::vector<EntryPtr> out;
  out.reserve(best_size);
  for (const auto* posting : *best) out.insert(out.end(), posting->begin(), posting->end());
  return out;
}

void SelectorIndexes::install(SelectorIndex index, Monotonic now) {
  std::erase_if(held_, [&](const Held& h) { return h.index.key() == index.key(); });
  if (held_.size() >= kIndexesMax)
    held_.erase(std::min_element(held_.begin(), held_.end(),
                                 [](const Held& a, const Held& b) { return a.used < b.used; }));
  held_.push_back({std::move(index), now});
}

void SelectorIndexes::changed(const EntryPtr& before, const EntryPtr& now) {
  for (Held& held : held_) {
    if (before) held.index.remove(*before);
    if (now) held.index.add(now);
  }
}

void SelectorIndexes::expire(Monotonic now) {
  std::erase_if(held_, [&](const Held& h) { return now - h.used > kIdleMax; });
}

}  // namespace mizzen::apiserver
