#pragma once
#include "api/registry/catalog.h"
#include "async/runtime.h"
#include "rest/discovery/served.h"
#include "rest/send/sender.h"

namespace mizzen::rest {

/// All that the server serves. Blocks. Errors: as Sender's; those of the server.
Result<std::vector<ServedResource>> discover(Sender& sender, const client::Call& call);

/// `now` as it is where the server serves `served`. A resource that breaks the registry's rules is left out.
api::RegistryPtr next_registry(const std::vector<ServedResource>& served, const api::Registry& known,
                               const api::RegistryPtr& now);

/// Role: keeps a catalogue as the server has it: looks again every kEvery, as upstream's garbage collector
/// does. Lifecycle: start() once; stop() waits for a look under way; also in the destructor. Failure: a look
/// that fails changes nothing.
class Discovery {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(30);
  struct Deps {
    Sender& sender;
    api::RegistryPtr known;
    api::ResourceCatalog& resources;
    Runtime runtime;
  };
  explicit Discovery(Deps deps);
  ~Discovery() { stop(); }
  void start();
  void stop();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

/// The first registry: waits for the server until the deadline.
Result<api::RegistryPtr> discover_first(Sender& sender, const api::Registry& known, const Clock& clock,
                                        Deadline deadline);

}  // namespace mizzen::rest
