#include "sim/power/lives.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "async/thread.h"
#include "sim/disk/disk.h"
#include "sim/power/truth.h"
#include "sim/world/world.h"
#include "store/embedded/embedded_store.h"

namespace mizzen::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using store::LeaseId;
using store::Revision;

constexpr int kWriters = 3;
constexpr uint64_t kKeys = 40;

/// Role: the store's lives, one after the other. Threading: confined to the simulation's thread.
class Lives {
 public:
  Lives(World& world, const LivesOptions& options)
      : world_(world), options_(options), medium_(std::make_shared<Medium>(world.random.next())) {
    if (options.mutation == Mutation::UnsyncedWrite) faults_.sync_lies = 0.05;
    if (options.mutation == Mutation::UnsyncedFolder) faults_.folder_sync_lies = 0.2;
  }

  void run() {
    for (int i = 0; i < options_.lives && world_.violation().empty(); ++i) live();
    // Undisturbed at the end: what had leases goes.
    if (world_.violation().empty()) live(true);
  }
  uint64_t writes() const { return truth_.writes(); }
  uint64_t cuts() const { return cuts_; }

 private:
  void live(bool last = false) {
    const bool power_goes = !last && world_.chance(0.9);
    if (power_goes) medium_->cut_after(1 + world_.random.below(uint64_t{1} << world_.random.below(9)));
    Medium::Faults faults = faults_;
    if (!last && world_.chance(0.15)) faults.sync_fails = 0.03;
    medium_->set_faults(faults);
    auto disk = disk_on(medium_, world_.clock, world_.random, [this] {
      world_.fibers.pause(world_.between(Duration(), milliseconds(4)));  // how long a sync takes
    });
    auto opened = store::EmbeddedStore::open(options(disk));
    if (opened.ok()) {
      store_ = std::move(*opened);
      check();
      if (world_.violation().empty()) work(last);
      store_.reset();
    } else if (!medium_->is_off() && faults.sync_fails == 0) {
      world_.violate("does not open: " + opened.error().message());
    }
    medium_->cut();
    disk.reset();
    const uint64_t seed = world_.random.next();
    cuts_ += power_goes;
    world_.trace.add("disk", power_goes ? "loses power" : "is closed");
    medium_ = power_goes ? medium_->after_power_cut(seed) : medium_->after_kill(seed);
  }

  store::EmbeddedStore::Options options(std::shared_ptr<store::Disk> disk) {
    store::EmbeddedStore::Options out{.clock = world_.clock, .path = "/data/store", .disk = std::move(disk)};
    out.retention.keep = std::chrono::hours(10);
    out.retention.history_bytes_min = 256 << 10;
    out.memtable_bytes = 512 << 10;
    out.cache_bytes = 1 << 20;
    out.reserve_bytes = 0;
    out.free_bytes_min = 0;
    return out;
  }

  /// Reads all that the store has and holds it against what it said.
  void check() {
    const auto content = store_->range({.range = store::KeyRange::all()}, Deadline::never());
    if (!content.ok()) return world_.violate("cannot be read");
    const Revision revision = content->revision;
    std::vector<store::Event> history;
    std::string end;
    {
      const auto watch =
          store_->watch({.range = store::KeyRange::all(), .from = Revision(truth_.compacted() + 1)},
                        [&](const store::WatchMessage& message) {
                          for (const store::Event* event : message.events)  // leases end meanwhile
                            if (event->kv.mod_revision <= revision) history.push_back(*event);
                          if (message.end) end = message.end->message();
                        });
      while (end.empty() && watch->progress() < revision) world_.fibers.pause(milliseconds(1));
    }
    if (!end.empty()) return world_.violate("the history cannot be read: " + end);
    const std::string wrong = truth_.check(revision.get(), history, *content);
    world_.trace.add("store", fmt::format("opens at {} with {} keys{}{}", revision.get(), content->kvs.size(),
                                          wrong.empty() ? "" : ": ", wrong));
    world_.violate(wrong);
  }

  void work(bool last) {
    ended_ = false;
    const auto watch = store_->watch({.range = store::KeyRange::all(), .from = Revision(truth_.newest() + 1)},
                                     [this](const store::WatchMessage& message) {
                                       std::vector<store::Event> events;
                                       for (const store::Event* event : message.events)
                                         events.push_back(*event);
                                       truth_.tell(events);
                                     });
    const Monotonic end =
        world_.clock.monotonic() + (last ? seconds(60) : world_.between(milliseconds(5), seconds(2)));
    std::vector<Thread> threads;
    for (int i = 0; !last && i < kWriters; ++i) threads.emplace_back("writer", [this] { write(); });
    if (!last) threads.emplace_back("compactor", [this] { compact(); });
    while (!medium_->is_off() && world_.clock.monotonic() < end) world_.fibers.pause(milliseconds(1));
    ended_ = true;
    for (Thread& thread : threads) thread.join();
    if (!last) return;
    const auto left = store_->range({.range = store::KeyRange::prefix("leased/")}, Deadline::never());
    if (!left.ok() || !left->kvs.empty()) world_.violate("keys have outlived their leases");
  }

  void write() {
    std::optional<LeaseId> lease;
    while (!ended_) {
      world_.fibers.pause(world_.between(Duration(), milliseconds(6)));
      if (!lease || world_.chance(0.05)) {
        const auto granted = store_->grant(seconds(1 + world_.random.below(10)), Deadline::never());
        if (granted.ok()) lease = *granted;
      }
      // Whoever is refused tries again: nothing may rest on a sync that failed.
      if (!write_one(lease) && medium_->is_off()) return;
    }
  }

  /// False where it was refused.
  bool write_one(std::optional<LeaseId>& lease) {
    const bool leased = lease && world_.chance(0.15);
    std::set<std::string> puts, deletes;
    const auto key = [&] {
      return fmt::format("{}{}", leased ? "leased/" : "k/", world_.random.below(kKeys));
    };
    for (uint64_t n = 1 + world_.random.below(world_.chance(0.1) ? 20 : 3); n > 0; --n) puts.insert(key());
    if (world_.chance(0.3)) {
      const std::string gone = key();
      if (!puts.contains(gone)) deletes.insert(gone);
    }
    const size_t bytes = 1 + world_.random.below(uint64_t{16} << world_.random.below(10));
    const uint64_t id = truth_.plan(puts, deletes, bytes);
    store::Txn txn;
    const auto value = store::make_bytes(truth_.planned(id).value);
    for (const auto& k : puts) txn.success.push_back(store::Op::put(k, value, leased ? *lease : LeaseId()));
    for (const auto& k : deletes) txn.success.push_back(store::Op::del(k));
    const auto done = store_->txn(std::move(txn), Deadline::never());
    if (done.ok()) {
      truth_.acknowledge(id, done->revision.get());
    } else if (done.error().code() == Code::NotFound && leased) {
      lease.reset();  // it has ended
    } else {
      return false;
    }
    return true;
  }

  void compact() {
    while (!ended_) {
      world_.fibers.pause(world_.between(milliseconds(10), milliseconds(300)));
      // Not beyond what was seen, or it could not be known what has to be there.
      if (truth_.newest() <= truth_.compacted() + 5) continue;
      const auto span = static_cast<uint64_t>(truth_.newest() - truth_.compacted());
      const Revision to(truth_.compacted() + 1 + static_cast<int64_t>(world_.random.below(span)));
      truth_.compact(to.get());
      (void)store_->compact(to, Deadline::never());
    }
  }

  World& world_;
  const LivesOptions options_;
  std::shared_ptr<Medium> medium_;
  Medium::Faults faults_;  ///< of every life
  Truth truth_;
  std::unique_ptr<store::EmbeddedStore> store_;
  bool ended_ = false;
  uint64_t cuts_ = 0;
};

}  // namespace

LivesOutcome run_lives(uint64_t seed, const LivesOptions& options) {
  World world(seed);
  world.trace.print(options.print);
  LivesOutcome out;
  world.fibers.run([&] {
    Lives lives(world, options);
    lives.run();
    out.writes = lives.writes();
    out.cuts = lives.cuts();
  });
  out.failure = world.violation();
  out.fingerprint = world.trace.fingerprint() ^ world.fibers.fingerprint();
  if (!out.failure.empty())
    for (const std::string& line : world.trace.lines()) out.trace += line + "\n";
  return out;
}

}  // namespace mizzen::sim
