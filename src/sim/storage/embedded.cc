#include <fmt/format.h>

#include "sim/disk/disk.h"
#include "sim/storage/storage.h"
#include "store/embedded/embedded_store.h"

namespace mizzen::sim {
namespace {

using std::chrono::milliseconds;

class Embedded final : public Storage {
 public:
  explicit Embedded(World& world) : world_(world), medium_(std::make_shared<Medium>(world.random.next())) {
    Medium::Faults faults;
    if (world.mutation == Mutation::UnsyncedWrite) faults.sync_lies = 0.3;
    if (world.mutation == Mutation::UnsyncedFolder) faults.folder_sync_lies = 0.7;
    medium_->set_faults(faults);
  }
  ~Embedded() override { end(); }

  std::shared_ptr<store::Store> open() override {
    if (store_) return store_;
    // How long a sync takes; others commit together meanwhile.
    const auto sync = [this] { world_.fibers.pause(world_.between(Duration(), milliseconds(3))); };
    auto opened = store::EmbeddedStore::open(options(disk_on(medium_, world_.clock, world_.random, sync)));
    if (!opened.ok()) {
      if (!medium_->is_off()) world_.violate("the store does not open: " + opened.error().message());
      end();
      return nullptr;
    }
    store_ = std::move(*opened);
    world_.trace.add("store", fmt::format("is open, after revision {}", log_.newest()));
    log_.follow(*store_);
    while (!log_.is_complete() && !medium_->is_off()) world_.fibers.pause(milliseconds(1));
    return store_;
  }
  bool break_soon() override {
    power_goes_ = true;
    medium_->cut_after(1 + world_.random.below(uint64_t{1} << world_.random.below(8)));
    return true;
  }
  bool is_broken() const override { return medium_->is_off(); }
  void end() override {
    const bool power_went = std::exchange(power_goes_, false);
    if (power_went) world_.trace.add("disk", "has lost power");
    medium_->cut();
    log_.stop();
    store_.reset();
    const uint64_t seed = world_.random.next();
    medium_ = power_went ? medium_->after_power_cut(seed) : medium_->after_kill(seed);
  }

 private:
  store::EmbeddedStore::Options options(std::shared_ptr<store::Disk> disk) {
    store::EmbeddedStore::Options out{.clock = world_.clock, .path = "/data/store", .disk = std::move(disk)};
    out.retention.history_bytes_min = 256 << 10;
    out.memtable_bytes = 1 << 20;
    out.cache_bytes = 1 << 20;
    out.reserve_bytes = 0;
    out.free_bytes_min = 0;
    return out;
  }

  World& world_;
  std::shared_ptr<Medium> medium_;
  bool power_goes_ = false;
  std::shared_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<Storage> embedded_storage(World& world) { return std::make_unique<Embedded>(world); }

}  // namespace mizzen::sim
