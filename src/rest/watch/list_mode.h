#pragma once
#include <atomic>
#include <memory>

#include "http/client/client.h"
#include "rest/send/sender.h"

namespace mizzen::rest {

/// Role: knows whether the server begins a watch with the list (sendInitialEvents; refused where its gate is
/// off, and where etcd is older than 3.4.25); servers before 1.27 do not know the word and would never end
/// the list. Asked once of a server. Threading: thread-safe; a caller may block.
class ListMode {
 public:
  explicit ListMode(std::shared_ptr<Sender> sender) : sender_(std::move(sender)) {}
  /// Asks the server's version where nothing is known yet.
  Result<bool> streams(const http::CallContext& context);
  /// It has been refused.
  void refused() { mode_ = Mode::Lists; }

 private:
  enum class Mode : uint8_t { Unknown, Streams, Lists };
  const std::shared_ptr<Sender> sender_;
  std::atomic<Mode> mode_ = Mode::Unknown;
};

/// True where the answer to /version is of a server that knows sendInitialEvents. Pure.
bool knows_streamed_lists(std::string_view version_json);

}  // namespace mizzen::rest
