#include "store/etcd/key_watch.h"

#include "rpc/typed.h"
#include "store/etcd/convert.h"

namespace mizzen::store::etcd {
namespace {

constexpr rpc::Method<RangeRequest, RangeResponse> kRange{"/etcdserverpb.KV/Range"};
constexpr rpc::Method<WatchRequest, WatchResponse> kWatch{"/etcdserverpb.Watch/Watch"};
constexpr Duration kReadTimeout = std::chrono::seconds(10);
/// A cut network is found by pings.
constexpr Duration kKeepalive = std::chrono::seconds(30);

WatchRequest watch_of(const std::string& key, int64_t from) {
  WatchRequest request;
  WatchCreateRequest& create = request.create_request.ensure();
  create.key = key;
  create.start_revision = from;
  return request;
}

}  // namespace

Result<std::unique_ptr<KeyWatch>> KeyWatch::open(const Clock& clock, Options options) {
  rpc::ChannelOptions to;
  to.target = options.address;
  to.keepalive = kKeepalive;
  if (options.tls) to.tls.emplace().ca = options.ca_pem;
  MZ_ASSIGN(auto channel, rpc::Channel::open(std::move(to)));
  return std::unique_ptr<KeyWatch>(new KeyWatch(clock, std::move(options), std::move(channel)));
}

void KeyWatch::start(Told told) {
  told_ = std::move(told);
  thread_ = Thread("etcd-key", [this] { run(); });
}

void KeyWatch::stop() {
  stop_source_.stop();
  thread_.join();
}

void KeyWatch::run() {
  const auto token = stop_source_.token();
  while (!token.stopped()) {
    const auto lost = follow();
    if (token.stopped()) return;
    if (!lost.ok()) told_(lost.error());
    token.wait_until(Deadline::after(kAgain, clock_));
  }
}

Result<void> KeyWatch::follow() {
  rpc::CallOptions call;
  call.stop = stop_source_.token();
  RangeRequest read;
  read.key = options_.key;
  MZ_ASSIGN(const RangeResponse now,
            rpc::call(*channel_, kRange, read, Deadline::after(kReadTimeout, clock_), call));
  told_(now.kvs.empty() ? std::string() : std::string(now.kvs.front().value));
  auto stream = rpc::stream(*channel_, kWatch, Deadline::never(), call);
  // Why it cannot be written shows in the read.
  (void)stream.write(watch_of(options_.key, now.header ? now.header->revision + 1 : 0));
  for (;;) {
    MZ_ASSIGN(auto response, stream.read());
    if (!response) return Error(Code::ServiceUnavailable, "etcd: the watch stream ended");
    // Compacted meanwhile: the value is read anew.
    if (response->compact_revision > 0) return {};
    if (response->canceled)
      return Error(Code::ServiceUnavailable, "etcd: watch cancelled: " + response->cancel_reason);
    if (response->events.empty()) continue;
    const auto& last = response->events.back();
    const bool gone = last.type != 0;
    told_(gone || !last.kv ? std::string() : last.kv->value);
  }
}

}  // namespace mizzen::store::etcd
