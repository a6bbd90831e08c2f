#pragma once
#include <memory>

#include "api/registry/catalog.h"
#include "apiserver/registry/core.h"
#include "auth/authorize/components.h"
#include "sim/world/world.h"
#include "store/contract/store.h"

namespace mizzen::sim {

/// One life of an API server, from its start to its crash. Whoever calls it holds it.
struct ServerLife {
  ServerLife(World& world, store::Store& store);
  ~ServerLife();

  api::ResourceCatalog resources;
  apiserver::Core core;
  const auth::ComponentAuthorizer authorizer;
};

/// Role: an API server that crashes and is started again on the same store: what it held in memory is gone,
/// calls under way fail, watches end. Threading: confined to the simulation's thread.
class Server {
 public:
  Server(World& world, store::Store& store) : world_(world), store_(store) {}
  ~Server() { crash(); }

  /// False where its caches could not be loaded.
  bool start();
  void crash();
  /// Null while it is down.
  std::shared_ptr<ServerLife> life() const { return life_; }

 private:
  World& world_;
  store::Store& store_;
  std::shared_ptr<ServerLife> life_;
};

}  // namespace mizzen::sim
