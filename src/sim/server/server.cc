#include "sim/server/server.h"

#include "api/builtin.h"

namespace mizzen::sim {

ServerLife::ServerLife(World& world, store::Store& store)
    : resources(api::builtin()), core({store, world.clock, world.ids, resources}, {}) {}

ServerLife::~ServerLife() { core.stop(); }

bool Server::start() {
  auto life = std::make_shared<ServerLife>(world_, store_);
  const auto started = life->core.start(Deadline::after(std::chrono::seconds(30), world_.clock));
  world_.trace.add("server", started.ok() ? "is up" : "does not start: " + started.error().message());
  if (started.ok()) life_ = std::move(life);
  return started.ok();
}

void Server::crash() {
  const auto life = std::exchange(life_, nullptr);
  if (!life) return;
  world_.trace.add("server", "crashes");
  life->core.stop();
}

}  // namespace mizzen::sim
