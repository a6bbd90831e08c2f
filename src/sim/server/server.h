#pragma once
#include <memory>

#include "api/registry/catalog.h"
#include "apiserver/registry/core.h"
#include "auth/authorize/components.h"
#include "sim/storage/storage.h"
#include "store/contract/store.h"

namespace mizzen::sim {

/// One life of an API server, from its start to its crash. Whoever calls it holds it.
struct ServerLife {
  ServerLife(World& world, std::shared_ptr<store::Store> store);
  ~ServerLife();

  const std::shared_ptr<store::Store> store;
  api::ResourceCatalog resources;
  apiserver::Core core;
  const auth::ComponentAuthorizer authorizer;
};

/// Role: an API server that crashes and is started again on the same storage: what it held in memory is gone,
/// calls under way fail, watches end. Threading: confined to the simulation's thread.
class Server {
 public:
  Server(World& world, Storage& storage) : world_(world), storage_(storage) {}
  ~Server() { crash(); }

  /// False where its store could not be opened, or its caches could not be loaded.
  bool start();
  void crash();
  /// Null while it is down.
  std::shared_ptr<ServerLife> life() const { return life_; }

 private:
  World& world_;
  Storage& storage_;
  std::shared_ptr<ServerLife> life_;
};

}  // namespace mizzen::sim
