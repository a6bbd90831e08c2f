#pragma once
#include <memory>

#include "sim/check/log.h"
#include "sim/world/world.h"
#include "store/contract/store.h"

namespace mizzen::sim {

/// Role: what the server's store stands on, and its lives: one begins with each start of the server. Place:
/// one for each cluster; it keeps the log of what the store committed. Threading: confined to the
/// simulation's thread.
class Storage {
 public:
  virtual ~Storage() = default;
  /// Opens the store; null where power went meanwhile.
  virtual std::shared_ptr<store::Store> open() = 0;
  /// Something goes wrong soon, within a few operations, which ends what the server can do; false where
  /// nothing can.
  virtual bool break_soon() = 0;
  virtual bool is_broken() const = 0;
  /// The server's process is gone, and with it this life of the store. Whoever holds the store still may use
  /// it; nothing comes of it.
  virtual void end() = 0;

  const StoreLog& log() const { return log_; }

 protected:
  StoreLog log_;
};

/// In memory; it survives every crash.
std::unique_ptr<Storage> memory_storage(World& world);
/// The program's own on a simulated disk, which loses power where break_soon() was called.
std::unique_ptr<Storage> embedded_storage(World& world);

}  // namespace mizzen::sim
