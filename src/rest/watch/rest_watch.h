#pragma once
#include <memory>

#include "async/runtime.h"
#include "client/api/api_client.h"
#include "rest/send/sender.h"
#include "rest/watch/list_mode.h"

namespace mizzen::rest {

/// Role: one open watch of a server elsewhere: an answer that is read as it comes, cut into events, told to
/// the sink on the runtime's executor. Lifecycle: it begins by itself; destroying it ends it and waits for a
/// running call of the sink, unless it is destroyed from one. Threading: as client::Watch. Failure: told to
/// the sink once. The server ends it after 5 to 10 minutes, as client-go asks for, so that watches spread
/// over servers again. Bounds: http's kReaderBufferBytes and one frame; the server is held back beyond. Waits
/// only while it connects, on a thread of the executor, for kConnectTimeout at most.
class RestWatch final : public client::Watch {
 public:
  static constexpr Duration kConnectTimeout = std::chrono::seconds(30);
  struct Deps {
    std::shared_ptr<Sender> sender;  ///< what is under way when the watch goes ends with it
    std::shared_ptr<ListMode> mode;
    Runtime runtime;
  };
  RestWatch(Deps deps, const client::ResourceInfo& resource, client::ListOptions options,
            client::WatchSink sink);
  ~RestWatch() override;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace mizzen::rest
