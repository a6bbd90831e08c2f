#include "sim/server/server.h"

#include "api/builtin.h"
#include "auth/tokens/token_keys.h"
#include "base/check.h"

namespace mizzen::sim {

namespace {

/// One key for every life: a server that starts again has it still. Its tokens differ from run to run, and
/// nothing else does: they are stored nowhere.
const auth::TokenKeys& token_keys() {
  static const auth::TokenKeys keys = [] {
    const auto signer = pki::SigningKey::create();
    MZ_CHECK(signer.ok(), "{}", signer.error().message());
    return auth::TokenKeys{.issuers = {"https://sim"},
                           .audiences = {"https://sim"},
                           .signer = *signer,
                           .verifiers = {signer->public_key()},
                           .jwks_uri = ""};
  }();
  return keys;
}

}  // namespace

ServerLife::ServerLife(World& world, std::shared_ptr<store::Store> opened)
    : store(std::move(opened)),
      resources(api::builtin()),
      core({*store, world.clock, world.ids, resources, nullptr, &token_keys()}, {}) {}

ServerLife::~ServerLife() { core.stop(); }

bool Server::start() {
  auto store = storage_.open();
  if (!store) return false;
  auto life = std::make_shared<ServerLife>(world_, std::move(store));
  const auto started = life->core.start(Deadline::after(std::chrono::seconds(30), world_.clock));
  world_.trace.add("server", started.ok() ? "is up" : "does not start: " + started.error().message());
  if (started.ok()) {
    life_ = std::move(life);
  } else {
    life.reset();
    storage_.end();
  }
  return started.ok();
}

void Server::crash() {
  const auto life = std::exchange(life_, nullptr);
  if (!life) return;
  world_.trace.add("server", "crashes");
  storage_.end();  // first: what is under way comes to nothing
  life->core.stop();
}

}  // namespace mizzen::sim
