#include "http/exchange/wire.h"

#include <ctime>

#include "base/strings.h"

namespace mizzen::http {

Stream::Write StreamCore::push(Slice&& slice, bool& wake) {
  Lock lock(m);
  if (closed || finished || cut) return Stream::Write::Closed;
  if (slice.empty()) return Stream::Write::Ok;
  if (buffered > 0 && buffered + slice.size() > buffer_bytes_max) {
    was_full = true;
    return Stream::Write::Full;
  }
  buffered += slice.size();
  queue.push_back(std::move(slice));
  wake = !scheduled;
  scheduled = true;
  return Stream::Write::Ok;
}

bool StreamCore::end(bool cut_now) {
  Lock lock(m);
  if (closed || cut || (finished && !cut_now)) return false;
  finished = true;
  if (cut_now) {
    cut = true;
    queue.clear();
    first = 0;
    buffered = 0;
  }
  const bool wake = !scheduled;
  scheduled = true;
  return wake;
}

bool StreamCore::take(Slice& out) {
  std::function<void()> drained;
  {
    Lock lock(m);
    if (first == queue.size()) return false;
    out = std::move(queue[first++]);
    buffered -= out.size();
    if (first == queue.size()) {
      queue = std::vector<Slice>();
      first = 0;
    } else if (first > 256 && first * 2 > queue.size()) {
      queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(first));
      first = 0;
    }
    if (was_full && buffered * 2 < buffer_bytes_max) {
      was_full = false;
      drained = on_drained;
    }
  }
  if (drained) drained();
  return true;
}

bool StreamCore::at_end() const {
  Lock lock(m);
  return finished && first == queue.size();
}

bool StreamCore::was_cut() const {
  Lock lock(m);
  return cut;
}

void StreamCore::close() {
  std::function<void()> told;
  std::function<void()> released;
  std::vector<Slice> slices;
  {
    Lock lock(m);
    if (closed) return;
    closed = true;
    told.swap(on_closed);
    released.swap(on_drained);
    slices.swap(queue);
    first = 0;
    buffered = 0;
  }
  if (told) told();
}

void run_stream(const std::shared_ptr<StreamCore>& core) {
  {
    Lock lock(core->m);
    core->scheduled = false;
  }
  if (core->link->wire != nullptr) core->link->wire->stream_ready();
}

void wake_stream(const std::shared_ptr<StreamCore>& core) {
  core->link->loop.post([core] { run_stream(core); });
}

Wire::~Wire() { close_link(); }

std::shared_ptr<WireLink> Wire::open_link() {
  link_ = std::make_shared<WireLink>(loop_);
  link_->wire = this;
  body_.clear();
  body_ended_ = false;
  body_error_.reset();
  return link_;
}

void Wire::close_link() {
  if (!link_) return;
  std::shared_ptr<WireLink> link = std::move(link_);
  link_ = nullptr;
  link->wire = nullptr;
  std::unique_ptr<StopSource> stop;
  {
    Lock lock(link->m);
    link->over = true;
    stop = std::move(link->stop);
  }
  if (stop) stop->stop();
  std::shared_ptr<StreamCore> core = std::move(core_);
  core_ = nullptr;
  if (core) core->close();
  body_ = std::string();
  ChunkFn reader = std::move(reader_);
  reader_ = nullptr;
  if (reader) reader(Error(Code::Cancelled, "the client closed the connection"));
}

void Wire::read_chunk(ChunkFn done) {
  if (reader_) return done(Error(Code::InternalError, "two readers on one request body"));
  reader_ = std::move(done);
  if (body_.empty() && !body_ended_ && !body_error_) body_taken(0);
  deliver_body();
}

void Wire::deliver_body() {
  if (!reader_ || (body_.empty() && !body_ended_ && !body_error_)) return;
  ChunkFn reader = std::move(reader_);
  reader_ = nullptr;
  if (body_.empty() && body_error_) return reader(*body_error_);
  std::string bytes = std::move(body_);
  body_ = std::string();
  const size_t n = bytes.size();
  reader(std::move(bytes));
  if (link_ && n > 0) body_taken(n);
}

std::string_view date_header(const Clock& clock) {
  thread_local time_t cached_for = 0;
  thread_local char cached[40];
  thread_local size_t length = 0;
  const time_t now =
      std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
  if (now != cached_for) {
    tm parts{};
    gmtime_r(&now, &parts);
    length = std::strftime(cached, sizeof cached, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    cached_for = now;
  }
  return {cached, length};
}

bool hop_by_hop(std::string_view name) {
  for (std::string_view fixed : {"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                                 "upgrade", "content-length", "te", "trailer"})
    if (iequals(name, fixed)) return true;
  return false;
}

}  // namespace mizzen::http
