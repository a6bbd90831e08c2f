#include "store/local/evaluate.h"

#include <algorithm>

#include "store/contract/errors.h"

namespace mizzen::store {
namespace {

Result<bool> holds(const Compare& compare, KeyView& view) {
  MZ_ASSIGN(const std::optional<KeyValue> now, view.newest(compare.key, false));
  switch (compare.kind) {
    case Compare::Kind::ModRevisionIs:
      return (now ? now->mod_revision : Revision(0)) == compare.revision;
    case Compare::Kind::Exists:
      return now.has_value();
    case Compare::Kind::LeaseIs:
      return now.has_value() && now->lease == compare.lease;
  }
  return false;
}

/// The steps of one list, each seeing those before it.
class Steps {
 public:
  Steps(KeyView& view, Revision next, bool keep_prev, Evaluated& out)
      : view_(view), next_(next), keep_prev_(keep_prev), out_(out) {}

  Result<void> run(const Op& op) {
    const bool with_value = op.kind == Op::Kind::Get || op.want_prev || keep_prev_;
    MZ_ASSIGN(std::optional<KeyValue> now, newest(op.key, with_value));
    OpResult result;
    switch (op.kind) {
      case Op::Kind::Get:
        result.kv = std::move(now);
        break;
      case Op::Kind::Put: {
        if (op.lease.get() != 0 && !view_.lease_exists(op.lease)) return lease_not_found();
        if (op.want_prev) result.kv = now;
        put(op, std::move(now));
        break;
      }
      case Op::Kind::Delete: {
        result.deleted = now.has_value();
        if (op.want_prev) result.kv = now;
        if (now) erase(op, std::move(*now));
        break;
      }
    }
    out_.result.results.push_back(std::move(result));
    return {};
  }

 private:
  Result<std::optional<KeyValue>> newest(const std::string& key, bool with_value) {
    const auto changed = std::find_if(out_.changes.begin(), out_.changes.end(),
                                      [&](const Committed& c) { return c.event.kv.key == key; });
    if (changed == out_.changes.end()) return view_.newest(key, with_value);
    if (changed->event.type == Event::Type::Delete) return std::optional<KeyValue>();
    return std::optional<KeyValue>(changed->event.kv);
  }

  void put(const Op& op, std::optional<KeyValue> before) {
    Committed change;
    KeyValue& kv = change.event.kv;
    kv.key = op.key;
    kv.value = op.value;
    kv.create_revision = before ? before->create_revision : next_;
    kv.mod_revision = next_;
    kv.version = before ? before->version + 1 : 1;
    kv.lease = op.lease;
    add(std::move(change), std::move(before));
  }

  void erase(const Op& op, KeyValue before) {
    Committed change;
    change.event.type = Event::Type::Delete;
    change.event.kv.key = op.key;
    change.event.kv.mod_revision = next_;
    add(std::move(change), std::move(before));
  }

  void add(Committed change, std::optional<KeyValue> before) {
    out_.prev_leases.push_back(before ? before->lease : LeaseId(0));
    if (before) {
      change.prev_revision = before->mod_revision;
      if (keep_prev_) change.event.prev = std::move(before);
    }
    out_.changes.push_back(std::move(change));
  }

  KeyView& view_;
  const Revision next_;
  const bool keep_prev_;
  Evaluated& out_;
};

}  // namespace

Result<Evaluated> evaluate(const Txn& txn, KeyView& view, Revision next, bool keep_prev) {
  Evaluated out;
  out.result.succeeded = true;
  for (const Compare& compare : txn.compares) {
    MZ_ASSIGN(const bool ok, holds(compare, view));
    if (!ok) {
      out.result.succeeded = false;
      break;
    }
  }
  const std::vector<Op>& ops = out.result.succeeded ? txn.success : txn.failure;
  out.result.results.reserve(ops.size());
  Steps steps(view, next, keep_prev, out);
  for (const Op& op : ops) MZ_TRY(steps.run(op));
  out.result.revision = out.changes.empty() ? Revision(next.get() - 1) : next;
  return out;
}

}  // namespace mizzen::store
