#include "async/executor.h"
#include "sim/storage/storage.h"
#include "store/memory/memory_store.h"

namespace mizzen::sim {
namespace {

class InMemory final : public Storage {
 public:
  explicit InMemory(World& world) : background_(world.clock, {.name = "store", .threads_max = 2}) {
    store_ = std::make_shared<store::MemoryStore>(
        store::MemoryStore::Options{.clock = world.clock, .executor = &background_});
    log_.follow(*store_);
  }
  ~InMemory() override { log_.stop(); }

  std::shared_ptr<store::Store> open() override { return store_; }
  bool break_soon() override { return false; }
  bool is_broken() const override { return false; }
  void end() override {}

 private:
  ThreadPool background_;
  std::shared_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<Storage> memory_storage(World& world) { return std::make_unique<InMemory>(world); }

}  // namespace mizzen::sim
