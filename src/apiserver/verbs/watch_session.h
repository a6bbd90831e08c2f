#pragma once
#include <memory>
#include <optional>

#include "apiserver/answers/encode.h"
#include "apiserver/cache/subscription.h"
#include "apiserver/request/request_metrics.h"
#include "http/exchange/exchange.h"

namespace mizzen::apiserver {

/// Role: one watch over HTTP: frames in order, as fast as the peer takes them; a peer that takes nothing
/// costs its stream's buffer and one frame. Place: owned by the stream's closing callback. Threading:
/// confined to the loop of its connection.
class WatchSession final : public WatcherSink {
 public:
  WatchSession(View view, http::StreamPtr stream, RequestMetrics::WatchSeries counted)
      : view_(std::move(view)), stream_(std::move(stream)), counted_(counted) {}

  void begin(std::shared_ptr<Subscription> subscription) { subscription_ = std::move(subscription); }
  /// The peer has room again.
  void drained();
  /// Ends the stream in order: the time is over, or the server stops.
  void finish();
  /// The stream is gone.
  void closed();

  bool on_object(const EntryPtr& entry) override;
  bool on_change(const ChangePtr& change, ChangeType as) override;
  bool on_bookmark(int64_t revision, bool initial_end) override;
  void on_end(const Error& error) override;
  void on_stop(const Error&) override { finish(); }

 private:
  bool put(http::Slice frame);
  void detach();

  const View view_;
  const http::StreamPtr stream_;
  const RequestMetrics::WatchSeries counted_;
  std::shared_ptr<Subscription> subscription_;
  std::optional<http::Slice> held_;  ///< what the peer had no room for
  bool first_ = true;                ///< the first frame of a Table says what its columns are
  bool ending_ = false;
};

}  // namespace mizzen::apiserver
