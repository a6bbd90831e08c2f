#include "apiserver/verbs/watch_session.h"

#include <utility>

#include "base/check.h"

namespace mizzen::apiserver {

bool WatchSession::put(http::Slice frame) {
  MZ_CHECK(!held_, "a frame overtakes one that waits");
  counted_.events.add();
  counted_.sizes.observe(static_cast<double>(frame.size()));
  switch (stream_->write(frame)) {
    case http::Stream::Write::Ok:
      return true;
    case http::Stream::Write::Full:
      held_ = std::move(frame);
      return false;
    case http::Stream::Write::Closed:
      return false;
  }
  return false;
}

bool WatchSession::on_object(const EntryPtr& entry) {
  return put(encode_event(view_, ChangeType::Added, *entry, std::exchange(first_, false)));
}

bool WatchSession::on_change(const ChangePtr& change, ChangeType as) {
  const bool columns = std::exchange(first_, false) && view_.media.transform == Transform::Table;
  const bool left = as == ChangeType::Deleted && change->type() != ChangeType::Deleted;
  const auto encode = [&] {
    return encode_event(view_, as, left ? *change->departed() : *change->entry(), columns);
  };
  if (columns) return put(encode());
  return put(change->frame(frame_form(view_, as), encode));
}

bool WatchSession::on_bookmark(int64_t revision, bool initial_end) {
  return put(encode_bookmark(view_, revision, initial_end, std::exchange(first_, false)));
}

void WatchSession::on_end(const Error& error) {
  // Behind what waits; a stream takes one more slice only when nothing else does, so the two go together.
  const http::Slice last = encode_watch_error(view_, error);
  if (held_) {
    held_ = http::Slice(std::string(held_->view()) + std::string(last.view()));
  } else {
    put(last);
  }
  finish();
}

void WatchSession::drained() {
  if (held_) {
    http::Slice frame = std::move(*held_);
    held_.reset();
    if (stream_->write(frame) == http::Stream::Write::Full) {
      held_ = std::move(frame);
      return;
    }
  }
  if (ending_) {
    stream_->finish();
  } else if (subscription_) {
    subscription_->resume();
  }
}

void WatchSession::detach() {
  if (const auto subscription = std::exchange(subscription_, nullptr)) subscription->close();
}

void WatchSession::finish() {
  ending_ = true;
  detach();
  if (!held_) stream_->finish();
}

void WatchSession::closed() {
  ending_ = true;
  held_.reset();
  detach();
}

}  // namespace mizzen::apiserver
