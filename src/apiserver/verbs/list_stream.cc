#include "apiserver/verbs/list_stream.h"

#include <utility>

#include "base/check.h"

namespace mizzen::apiserver {

ListStream::ListStream(View view, std::vector<EntryPtr> entries, ListMeta meta, const Clock& clock,
                       http::Loop& loop, bool gzip, std::function<void(size_t)> done)
    : view_(std::move(view)),
      entries_(std::move(entries)),
      pieces_(view_, std::move(meta), json_fits(entries_)),
      clock_(clock),
      loop_(loop),
      done_(std::move(done)),
      stage_(pieces_.measured() ? Stage::Measure : Stage::Head) {
  if (gzip) gzip_.emplace();
}

void ListStream::start(http::StreamPtr stream) {
  MZ_CHECK(!stream_ && stream, "a list is streamed once");
  stream_ = std::move(stream);
  run();
}

void ListStream::drained() {
  if (held_) {
    http::Slice piece = std::move(*held_);
    held_.reset();
    if (stream_->write(piece) == http::Stream::Write::Full) {
      held_ = std::move(piece);
      return;
    }
  }
  // A turn of its own: this call comes from within the connection's writing.
  post();
}

void ListStream::closed() {
  stage_ = Stage::Finished;
  held_.reset();
  entries_.clear();
  if (const auto done = std::exchange(done_, nullptr)) done(sent_);
}

void ListStream::post() {
  if (std::exchange(posted_, true)) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->posted_ = false;
    self->run();
  });
}

void ListStream::run() {
  const auto self = shared_from_this();  // the stream may close, and let go of this, within a write
  const Monotonic until = clock_.monotonic() + kTurnMax;
  while (stage_ != Stage::Finished && !held_) {
    std::string piece = next_piece(until);
    const bool last = stage_ == Stage::Tail;
    if (last) {
      pieces_.tail(piece);
      stage_ = Stage::Finished;
    }
    const bool room = piece.empty() && !last ? true : write(std::move(piece), last);
    if (last) {
      if (!held_) stream_->finish();
      return;
    }
    if (!room) return;
    if (clock_.monotonic() > until) return post();
  }
  if (stage_ == Stage::Finished && !held_ && stream_) stream_->finish();
}

std::string ListStream::next_piece(Monotonic until) {
  std::string piece;
  size_t items = 0;
  if (stage_ == Stage::Measure) {
    for (; measured_ < entries_.size(); ++measured_) {
      if (++items % 64 == 0 && clock_.monotonic() > until) return piece;
      pieces_.measure(*entries_[measured_]);
    }
    stage_ = Stage::Head;
  }
  if (stage_ == Stage::Head) {
    pieces_.head(piece);
    stage_ = Stage::Items;
  }
  while (stage_ == Stage::Items) {
    if (next_ == entries_.size()) {
      stage_ = Stage::Tail;
      break;
    }
    if (piece.size() >= kPieceBytes || (++items % 8 == 0 && clock_.monotonic() > until)) break;
    pieces_.item(piece, *entries_[next_], next_ == 0);
    entries_[next_++] = nullptr;  // sent once, kept no longer
  }
  return piece;
}

bool ListStream::write(std::string piece, bool last) {
  if (gzip_) {
    std::string packed = gzip_->feed(piece);
    if (last) packed += gzip_->finish();
    if (packed.empty()) return true;
    piece = std::move(packed);
  }
  if (piece.empty()) return true;
  MZ_CHECK(!held_, "a piece overtakes one that waits");
  sent_ += piece.size();
  http::Slice slice(std::move(piece));
  switch (stream_->write(slice)) {
    case http::Stream::Write::Ok:
      return true;
    case http::Stream::Write::Full:
      held_ = std::move(slice);
      return false;
    case http::Stream::Write::Closed:
      stage_ = Stage::Finished;
      return false;
  }
  return false;
}

}  // namespace mizzen::apiserver
