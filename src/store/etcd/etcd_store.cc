#include "store/etcd/etcd_store.h"

#include <algorithm>

#include "async/executor.h"
#include "async/stop.h"
#include "async/thread.h"
#include "base/file.h"
#include "store/contract/errors.h"
#include "store/etcd/backlog.h"
#include "store/etcd/client.h"
#include "store/etcd/revision_reads.h"
#include "store/local/validate.h"
#include "telemetry/log.h"

namespace mizzen::store {
namespace {

/// Pause before the feed is opened again after a loss.
constexpr Duration kFeedRetry = std::chrono::milliseconds(200);
/// What the store's own calls (compaction, catching up) wait for.
constexpr Duration kOwnCall = std::chrono::seconds(30);
/// Pings while a watch is open, so that a dead peer shows.
constexpr Duration kKeepalive = std::chrono::seconds(30);

Result<rpc::ChannelOptions> channel_options(const EtcdStore::Options& options) {
  rpc::ChannelOptions out;
  out.target = options.address;
  out.message_bytes_max = options.answer_bytes_max;
  out.keepalive = kKeepalive;
  if (options.ca_file.empty() && options.certificate_file.empty() && options.key_file.empty()) return out;
  out.tls.emplace();
  if (!options.ca_file.empty()) {
    MZ_ASSIGN(out.tls->ca, read_file(options.ca_file));
  }
  if (!options.certificate_file.empty()) {
    MZ_ASSIGN(out.tls->certificate, read_file(options.certificate_file));
  }
  if (!options.key_file.empty()) {
    MZ_ASSIGN(out.tls->key, read_file(options.key_file));
  }
  return out;
}

}  // namespace

/// Role: the client, the hub, and the threads that feed it and keep history short.
/// Threading: thread-safe; the feed thread alone dispatches.
class EtcdStore::Impl final : public History {
 public:
  Impl(Options options, std::unique_ptr<rpc::Channel> channel)
      : options_(std::move(options)),
        client_(std::move(channel)),
        revisions_(options_.clock, [this](Deadline d) { return client_.current_revision(d); }),
        submitted_(options_.clock,
                   {.name = "store-etcd", .threads_max = options_.calls_max, .queue_max = kSubmittedMax}),
        backlog_([this](Revision from, const etcd::Backlog::Take& take) {
          StopSource late;
          const auto linked = stop_.token().on_stop([&late] { late.stop(); });
          return client_.follow(from, late.token(), take);
        }),
        catch_up_(options_.clock, {.name = "store-history", .threads_max = 2, .queue_max = 4 * kWatchesMax}),
        hub_(catch_up_, *this, Revision(1)) {}

  ~Impl() override {
    stop_.stop();
    feed_.join();
    upkeep_.join();
    submitted_.stop();
    hub_.end_all(stopped());
    catch_up_.stop();
  }

  Result<void> start(Deadline deadline) {
    MZ_ASSIGN(const Revision newest, client_.current_revision(deadline, true));
    hub_.start_at(newest);
    followed_ = newest.get();
    feed_ = Thread("store-feed", [this] { feed(); });
    upkeep_ = Thread("store-upkeep", [this, newest] { upkeep(newest); });
    if (!following_.token().wait_until(deadline)) return timed_out();
    return {};
  }

  etcd::Client& client() { return client_; }
  etcd::RevisionReads& revisions() { return revisions_; }
  etcd::Backlog& backlog() { return backlog_; }
  WatchHub& hub() { return hub_; }

  void submit(Txn txn, Deadline deadline, Done done) {
    auto shared = std::make_shared<std::pair<Txn, Done>>(std::move(txn), std::move(done));
    const bool posted = submitted_.post([this, shared, deadline] {
      Result<TxnResult> result = client_.txn(shared->first, deadline);
      const SinkScope scope;
      shared->second(std::move(result));
    });
    if (!posted) shared->second(too_many_requests());
  }

  Result<Chunk> read_history(Revision from, const KeyRange& range, bool) override {
    const Revision target(followed_.load(std::memory_order_acquire));
    if (from > target) return Chunk{{}, Revision(from.get() - 1)};
    return backlog_.read(from, range, target);
  }

  std::optional<KeyValue> at_revision(std::string_view, Revision) override { return std::nullopt; }
  Revision newest() const override { return client_.newest(); }

 private:
  void feed() {
    const StopToken stop = stop_.token();
    while (!stop.stopped()) {
      const Result<void> ended = client_.follow(Revision(followed_.load() + 1), stop,
                                                [this](Revision through, std::vector<Committed> events) {
                                                  if (events.empty()) {
                                                    following_.stop();
                                                    return true;
                                                  }
                                                  followed_.store(through.get(), std::memory_order_release);
                                                  hub_.dispatch(through, events);
                                                  return true;
                                                });
      if (stop.stopped()) return;
      if (!ended.ok() && is_compacted(ended.error())) {
        start_over();
      } else if (!ended.ok()) {
        log::verbose(1, "store", "the watch of etcd broke off; opening it again",
                     {log::kv("reason", ended.error().message())});
      }
      (void)stop.wait_until(Deadline::after(kFeedRetry, options_.clock));
    }
  }

  /// The feed was away for longer than etcd keeps history: whoever watches has missed something.
  void start_over() {
    const Result<Revision> newest = client_.current_revision(Deadline::after(kOwnCall, options_.clock));
    if (!newest.ok()) return;
    log::warn("store", "etcd was out of reach for too long: watches start over", {});
    followed_.store(newest->get(), std::memory_order_release);
    hub_.restart(*newest, compacted());
  }

  void upkeep(Revision newest) {
    const StopToken stop = stop_.token();
    Retention retention(options_.retention, options_.clock.monotonic(), newest);
    Revision done;
    while (!stop.wait_until(Deadline::at(retention.next_due(), options_.clock))) {
      const Monotonic now = options_.clock.monotonic();
      const auto target = retention.due(now, Revision(followed_.load(std::memory_order_acquire)), done, 0, 0);
      if (!target) continue;
      const Result<void> compacted = client_.compact(*target, Deadline::after(kOwnCall, options_.clock));
      backlog_.forget();
      // Another server may have been first.
      if (compacted.ok() || is_compacted(compacted.error())) {
        done = *target;
      } else {
        log::warn("store", "compacting etcd failed; trying again later",
                  {log::kv("reason", compacted.error().message())});
      }
    }
  }

  const Options options_;
  etcd::Client client_;
  etcd::RevisionReads revisions_;
  StopSource stop_;
  StopSource following_;              ///< stopped (as a signal) once the feed first stood
  std::atomic<int64_t> followed_{0};  ///< the feed has handed over everything up to here
  ThreadPool submitted_;
  etcd::Backlog backlog_;
  ThreadPool catch_up_;
  WatchHub hub_;
  Thread feed_;
  Thread upkeep_;
};

Result<std::unique_ptr<EtcdStore>> EtcdStore::open(Options options, Deadline deadline) {
  MZ_ASSIGN(rpc::ChannelOptions channel, channel_options(options));
  MZ_ASSIGN(auto opened, rpc::Channel::open(std::move(channel)));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(opened));
  const Result<void> started = impl->start(deadline);
  if (!started.ok()) return started.error().with_context("etcd");
  return std::unique_ptr<EtcdStore>(new EtcdStore(std::move(impl)));
}

EtcdStore::EtcdStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EtcdStore::~EtcdStore() = default;

Result<RangeResult> EtcdStore::range(const RangeRequest& request, Deadline deadline) {
  if (request.range.from.empty()) return key_not_provided();
  return impl_->client().range(request, deadline);
}

Result<TxnResult> EtcdStore::txn(Txn txn, Deadline deadline) {
  WatchHub::forbid_in_sink("txn");
  MZ_TRY(validate(txn));
  return impl_->client().txn(txn, deadline);
}

void EtcdStore::submit(Txn txn, Deadline deadline, Done done) {
  if (const Result<void> valid = validate(txn); !valid.ok()) {
    done(valid.error());
    return;
  }
  impl_->submit(std::move(txn), deadline, std::move(done));
}

std::unique_ptr<Watch> EtcdStore::watch(WatchRequest request, WatchSink sink) {
  return impl_->hub().add(std::move(request), std::move(sink));
}

Result<LeaseId> EtcdStore::grant(std::chrono::seconds ttl, Deadline deadline) {
  return impl_->client().grant(std::max<int64_t>(1, ttl.count()), deadline);
}

Result<void> EtcdStore::revoke(LeaseId lease, Deadline deadline) {
  WatchHub::forbid_in_sink("revoke");
  return impl_->client().revoke(lease, deadline);
}

Result<void> EtcdStore::compact(Revision revision, Deadline deadline) {
  MZ_TRY(impl_->client().compact(revision, deadline));
  impl_->backlog().forget();
  return {};
}

Result<Revision> EtcdStore::current_revision(Deadline deadline) { return impl_->revisions().ask(deadline); }

void EtcdStore::ask_revision(Deadline deadline, Told told) {
  impl_->revisions().ask(deadline, std::move(told));
}

uint64_t EtcdStore::history_reads() const { return impl_->backlog().reads(); }

uint64_t EtcdStore::revision_reads() const { return impl_->revisions().sent(); }

Result<void> EtcdStore::health(Deadline deadline) {
  MZ_TRY(impl_->revisions().ask(deadline));
  return {};
}

Result<uint64_t> EtcdStore::size_bytes(Deadline deadline) { return impl_->client().size_bytes(deadline); }

}  // namespace mizzen::store
