#include "store/etcd/client.h"

#include "store/contract/errors.h"

namespace mizzen::store::etcd {
namespace {

constexpr rpc::Method<RangeRequest, RangeResponse> kRange{"/etcdserverpb.KV/Range"};
constexpr rpc::Method<TxnRequest, TxnResponse> kTxn{"/etcdserverpb.KV/Txn"};
constexpr rpc::Method<CompactionRequest, CompactionResponse> kCompact{"/etcdserverpb.KV/Compact"};
constexpr rpc::Method<WatchRequest, WatchResponse> kWatch{"/etcdserverpb.Watch/Watch"};
constexpr rpc::Method<LeaseGrantRequest, LeaseGrantResponse> kGrant{"/etcdserverpb.Lease/LeaseGrant"};
constexpr rpc::Method<LeaseRevokeRequest, LeaseRevokeResponse> kRevoke{"/etcdserverpb.Lease/LeaseRevoke"};
constexpr rpc::Method<StatusRequest, StatusResponse> kStatus{"/etcdserverpb.Maintenance/Status"};

WatchRequest watch_everything(Revision from) {
  WatchRequest request;
  WatchCreateRequest& create = request.create_request.ensure();
  create.key = std::string(1, '\0');
  create.range_end = std::string(1, '\0');
  create.start_revision = from.get();
  create.prev_kv = true;
  create.fragment = true;
  return request;
}

}  // namespace

template <typename Request, typename Response>
Result<Response> Client::call(rpc::Method<Request, Response> method, const Request& request,
                              Deadline deadline, bool wait_for_ready) {
  if (deadline.expired()) return timed_out();
  rpc::CallOptions options;
  options.wait_for_ready = wait_for_ready;
  Result<Response> response = rpc::call(*channel_, method, request, deadline, options);
  if (!response.ok()) return translate(response.error());
  if (response->header) saw(response->header->revision);
  return response;
}

void Client::saw(int64_t revision) {
  int64_t known = newest_.load(std::memory_order_relaxed);
  while (known < revision && !newest_.compare_exchange_weak(known, revision, std::memory_order_release)) {
  }
}

Result<RangeResult> Client::range(const store::RangeRequest& request, Deadline deadline,
                                  bool wait_for_ready) {
  MZ_ASSIGN(RangeResponse response, call(kRange, to_wire(request), deadline, wait_for_ready));
  return from_wire(std::move(response), request.keys_only);
}

Result<TxnResult> Client::txn(const Txn& txn, Deadline deadline) {
  MZ_ASSIGN(TxnResponse response, call(kTxn, to_wire(txn), deadline));
  return from_wire(std::move(response), txn);
}

Result<LeaseId> Client::grant(int64_t ttl_seconds, Deadline deadline) {
  LeaseGrantRequest request;
  request.TTL = ttl_seconds;
  MZ_ASSIGN(const LeaseGrantResponse response, call(kGrant, request, deadline));
  if (!response.error.empty()) return unavailable(response.error);
  return LeaseId(response.ID);
}

Result<void> Client::revoke(LeaseId lease, Deadline deadline) {
  LeaseRevokeRequest request;
  request.ID = lease.get();
  MZ_TRY(call(kRevoke, request, deadline));
  return {};
}

Result<void> Client::compact(Revision revision, Deadline deadline) {
  CompactionRequest request;
  request.revision = revision.get();
  MZ_TRY(call(kCompact, request, deadline));
  return {};
}

Result<Revision> Client::current_revision(Deadline deadline, bool wait_for_ready) {
  store::RangeRequest request;
  request.range = KeyRange::single("health");
  request.count_only = true;
  MZ_ASSIGN(const RangeResult result, range(request, deadline, wait_for_ready));
  return result.revision;
}

Result<uint64_t> Client::size_bytes(Deadline deadline) {
  MZ_ASSIGN(const StatusResponse response, call(kStatus, StatusRequest(), deadline));
  return static_cast<uint64_t>(response.dbSize);
}

Result<void> Client::follow(Revision from, const StopToken& stop, const Take& take) {
  rpc::CallOptions options;
  options.stop = stop;
  auto stream = rpc::stream(*channel_, kWatch, Deadline::never(), options);
  if (!stream.write(watch_everything(from))) {
    // Why shows in the read below.
  }
  std::vector<Committed> batch;
  for (;;) {
    Result<std::optional<WatchResponse>> read = stream.read();
    if (stop.stopped()) return {};
    if (!read.ok()) return translate(read.error());
    if (!*read) return unavailable("etcd: the watch stream ended");
    WatchResponse& response = **read;
    if (response.header) saw(response.header->revision);
    if (response.compact_revision > 0) return compacted();
    if (response.canceled) return unavailable("etcd: watch cancelled: " + response.cancel_reason);
    if (response.created && !take(Revision(from.get() - 1), {})) return {};
    for (Event& event : response.events) batch.push_back({from_wire(std::move(event)), Revision(0)});
    if (response.fragment || batch.empty()) continue;
    const Revision through = batch.back().event.kv.mod_revision;
    if (!take(through, std::exchange(batch, {}))) return {};
  }
}

}  // namespace mizzen::store::etcd
