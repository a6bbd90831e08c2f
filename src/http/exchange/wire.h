#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/stop.h"
#include "http/exchange/exchange.h"
#include "http/message/slice.h"

namespace mizzen::http {

/// What ties the thread-safe side of an exchange to its wire. `wire` is read and written on the loop only and
/// becomes null when the peer has gone or the exchange is over.
struct WireLink {
  explicit WireLink(Loop& l) : loop(l) {}
  Loop& loop;
  Wire* wire = nullptr;
  Mutex m;
  bool over MZ_GUARDED_BY(m) = false;
  std::unique_ptr<StopSource> stop MZ_GUARDED_BY(m);
};

/// State of a Stream that both sides share.
struct StreamCore {
  StreamCore(std::shared_ptr<WireLink> l, size_t bytes_max)
      : link(std::move(l)), buffer_bytes_max(bytes_max) {}
  const std::shared_ptr<WireLink> link;
  const size_t buffer_bytes_max;
  mutable Mutex m;
  std::vector<Slice> queue MZ_GUARDED_BY(m);
  size_t first MZ_GUARDED_BY(m) = 0;
  size_t buffered MZ_GUARDED_BY(m) = 0;
  bool was_full MZ_GUARDED_BY(m) = false;
  bool finished MZ_GUARDED_BY(m) = false;
  bool cut MZ_GUARDED_BY(m) = false;
  bool closed MZ_GUARDED_BY(m) = false;
  bool scheduled MZ_GUARDED_BY(m) = false;
  std::function<void()> on_drained MZ_GUARDED_BY(m);
  std::function<void()> on_closed MZ_GUARDED_BY(m);

  /// Queues; true in `wake` where the loop must be told.
  Stream::Write push(Slice&& slice, bool& wake);
  /// Marks the end; true where the loop must be told.
  bool end(bool cut_now);

  // Loop side.
  /// The next slice; false where none waits. Runs on_drained.
  bool take(Slice& out);
  /// Finished and nothing waits.
  bool at_end() const;
  bool was_cut() const;
  /// The wire is done with it: runs on_closed, releases callbacks and slices.
  void close();
};
/// Tells the wire on its loop that `core` has news.
void wake_stream(const std::shared_ptr<StreamCore>& core);
void run_stream(const std::shared_ptr<StreamCore>& core);

/// Role: the protocol's side of one exchange: HTTP/1 connection or HTTP/2 stream.
/// Threading: confined to the loop. Answers come at most once (Exchange sees to it).
class Wire {
 public:
  explicit Wire(Loop& loop) : loop_(loop) {}
  virtual ~Wire();
  virtual void respond(int status, Headers headers, Body body) = 0;
  virtual void start_stream(int status, Headers headers, std::shared_ptr<StreamCore> core) = 0;
  virtual void stream_ready() = 0;
  virtual void cut() = 0;
  /// Takes the connection over; the duplex is closed where that cannot be.
  virtual void upgrade(Headers headers, std::shared_ptr<class DuplexImpl> duplex) = 0;

  using ChunkFn = std::function<void(Result<std::string>)>;
  void read_chunk(ChunkFn done);

 protected:
  /// Begins a new exchange on this wire; `length` is known or not.
  std::shared_ptr<WireLink> open_link();
  /// The exchange is over: stops its token, fails reads, closes its stream.
  void close_link();
  void body_arrived(std::string_view bytes) { body_.append(bytes); }
  void body_ended() { body_ended_ = true; }
  void body_failed(Error error) { body_error_ = std::move(error); }
  void deliver_body();
  bool reader_waits() const { return static_cast<bool>(reader_); }
  size_t body_buffered() const { return body_.size(); }
  /// `n` bytes have been taken by the reader, or (zero) it waits for the first.
  virtual void body_taken(size_t n) = 0;

  Loop& loop_;
  std::shared_ptr<WireLink> link_;
  std::shared_ptr<StreamCore> core_;

 private:
  std::string body_;
  bool body_ended_ = false;
  std::optional<Error> body_error_;
  ChunkFn reader_;
};

/// The value of a Date header for now, from a cache of one second.
std::string_view date_header(const Clock& clock);
/// Fields an application may not send: framing and connection control are the protocol's.
bool hop_by_hop(std::string_view name);

}  // namespace mizzen::http
