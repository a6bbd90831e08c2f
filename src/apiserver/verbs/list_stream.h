#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "apiserver/answers/encode.h"
#include "base/clock.h"
#include "http/exchange/exchange.h"
#include "http/message/gzip.h"

namespace mizzen::apiserver {

/// Role: a long list as the body of an answer, encoded piece by piece as the peer takes it, so that it costs
/// its entries' places and the stream's buffer, however long it is. Place: owned by the stream's callbacks.
/// Threading: confined to the loop of its connection. Bounds: a turn lasts kTurnMax, then the loop does other
/// things.
class ListStream : public std::enable_shared_from_this<ListStream> {
 public:
  static constexpr Duration kTurnMax = std::chrono::microseconds(700);
  static constexpr size_t kPieceBytes = 32 * 1024;

  /// `done` is told how many bytes went out, once, also where the peer left.
  ListStream(View view, std::vector<EntryPtr> entries, ListMeta meta, const Clock& clock, http::Loop& loop,
             bool gzip, std::function<void(size_t)> done);

  void start(http::StreamPtr stream);
  void drained();
  void closed();

 private:
  void run();
  void post();
  /// False where the peer has no room.
  bool write(std::string piece, bool last);
  std::string next_piece(Monotonic until);

  const View view_;
  std::vector<EntryPtr> entries_;
  ListPieces pieces_;
  const Clock& clock_;
  http::Loop& loop_;
  std::optional<http::GzipStream> gzip_;
  std::function<void(size_t)> done_;
  http::StreamPtr stream_;
  std::optional<http::Slice> held_;
  size_t measured_ = 0;
  size_t next_ = 0;
  size_t sent_ = 0;
  enum class Stage : uint8_t { Measure, Head, Items, Tail, Finished } stage_;
  bool posted_ = false;
};

}  // namespace mizzen::apiserver
