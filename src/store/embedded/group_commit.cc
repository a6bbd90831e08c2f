#include "store/embedded/group_commit.h"

#include <algorithm>

#include "base/check.h"
#include "store/contract/errors.h"
#include "store/local/validate.h"
#include "store/local/watch_hub.h"

namespace mizzen::store {

GroupCommit::GroupCommit(Executor& executor, std::function<void(Group)> commit, Options options)
    : executor_(executor), commit_(std::move(commit)), options_(options) {}

Result<TxnResult> GroupCommit::run(Txn txn, Deadline deadline) {
  auto item = std::make_shared<Item>();
  item->bytes = bytes_of(txn);
  item->txn = std::move(txn);
  item->deadline = deadline;
  MZ_ASSIGN(const bool leads, enqueue(item));
  if (!leads) return wait(item);
  lead(item);
  return std::move(item->result);
}

void GroupCommit::submit(Txn txn, Deadline deadline, Store::Done done) {
  auto item = std::make_shared<Item>();
  item->bytes = bytes_of(txn);
  item->txn = std::move(txn);
  item->deadline = deadline;
  item->done = std::move(done);
  const Result<bool> leads = enqueue(item);
  if (!leads.ok()) {
    item->done(leads.error());
  } else if (*leads && !executor_.post([this] { lead(nullptr); })) {
    lead(nullptr);  // the executor is full or stopping: nobody else would do it
  }
}

Result<bool> GroupCommit::enqueue(const ItemPtr& item) {
  Lock lock(m_);
  if (stopping_) return stopped();
  if (queue_.size() >= options_.queue_max) return too_many_requests();
  queue_.push_back(item);
  if (leading_) return false;
  leading_ = true;
  return true;
}

Result<TxnResult> GroupCommit::wait(const ItemPtr& item) {
  {
    Lock lock(item->m);
    while (item->state == Item::State::Queued) {
      if (!item->changed.wait_until(item->m, item->deadline)) break;
    }
    if (item->state == Item::State::Finished) return std::move(item->result);
  }
  {
    Lock lock(m_);  // promotion to leader happens under it
    Lock item_lock(item->m);
    if (item->state == Item::State::Finished) return std::move(item->result);
    if (item->state == Item::State::Queued) {
      std::erase(queue_, item);  // not there: it is being committed, with an outcome we will not learn
      return timed_out();
    }
  }
  lead(item);
  return std::move(item->result);
}

std::vector<GroupCommit::ItemPtr> GroupCommit::take_group() {
  Lock lock(m_);
  MZ_CHECK(leading_, "a group is taken by somebody who does not lead");
  std::vector<ItemPtr> group;
  size_t bytes = 0;
  while (!queue_.empty() && group.size() < options_.group_txns_max && bytes < options_.group_bytes_max) {
    bytes += queue_.front()->bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

void GroupCommit::lead(const ItemPtr& own) {
  for (bool own_done = false; !own_done;) {
    const std::vector<ItemPtr> group = take_group();
    if (!group.empty()) commit_(group);
    for (const ItemPtr& item : group) {
      if (item == own) {
        own_done = true;
      } else {
        finish(*item);
      }
    }
    if (!own && end_lead()) return;
  }
  if (!hand_over()) lead(nullptr);
}

bool GroupCommit::end_lead() {
  Lock lock(m_);
  MZ_CHECK(leading_, "a lead ends that never began");
  if (!queue_.empty()) return false;
  leading_ = false;
  idle_.notify_all();
  return true;
}

bool GroupCommit::hand_over() {
  if (end_lead()) return true;
  {
    Lock lock(m_);
    for (const ItemPtr& next : queue_) {
      if (next->done) continue;
      Lock item_lock(next->m);
      next->state = Item::State::Leading;
      next->changed.notify_one();
      return true;
    }
  }
  return executor_.post([this] { lead(nullptr); });
}

void GroupCommit::finish(Item& item) {
  if (item.done) {
    const SinkScope scope;
    item.done(std::move(item.result));
    return;
  }
  {
    Lock lock(item.m);
    MZ_CHECK(item.state != Item::State::Finished, "a transaction is answered twice");
    item.state = Item::State::Finished;
  }
  item.changed.notify_one();  // after the lock, so that whoever wakes need not wait for it
}

void GroupCommit::stop() {
  Lock lock(m_);
  stopping_ = true;
  while (leading_) idle_.wait(m_);
}

}  // namespace mizzen::store
