#include "store/etcd/convert.h"

#include <array>

#include "rpc/channel.h"
#include "store/contract/errors.h"

namespace mizzen::store::etcd {
namespace {

std::string wire_end(const KeyRange& range) { return range.to.empty() ? std::string(1, '\0') : range.to; }

RequestOp to_wire(const Op& op) {
  RequestOp out;
  switch (op.kind) {
    case Op::Kind::Get:
      out.request_range.ensure().key = op.key;
      break;
    case Op::Kind::Put: {
      PutRequest& put = out.request_put.ensure();
      put.key = op.key;
      put.value = std::string(view(op.value));
      put.lease = op.lease.get();
      put.prev_kv = op.want_prev;
      break;
    }
    case Op::Kind::Delete: {
      DeleteRangeRequest& erase = out.request_delete_range.ensure();
      erase.key = op.key;
      erase.prev_kv = op.want_prev;
      break;
    }
  }
  return out;
}

Compare to_wire(const store::Compare& compare) {
  Compare out;
  out.key = compare.key;
  out.result = CompareResult::EQUAL;
  switch (compare.kind) {
    case store::Compare::Kind::ModRevisionIs:
      out.target = CompareTarget::MOD;
      out.mod_revision = compare.revision.get();
      break;
    case store::Compare::Kind::Exists:
      out.result = CompareResult::GREATER;
      out.target = CompareTarget::CREATE;
      out.create_revision = 0;
      break;
    case store::Compare::Kind::LeaseIs:
      out.target = CompareTarget::LEASE;
      out.lease = compare.lease.get();
      break;
  }
  return out;
}

OpResult from_wire(ResponseOp response) {
  OpResult out;
  if (response.response_range && !response.response_range->kvs.empty()) {
    out.kv = from_wire(std::move(response.response_range->kvs.front()));
  } else if (response.response_put && response.response_put->prev_kv) {
    out.kv = from_wire(std::move(*response.response_put->prev_kv));
  } else if (response.response_delete_range) {
    out.deleted = response.response_delete_range->deleted > 0;
    auto& before = response.response_delete_range->prev_kvs;
    if (!before.empty()) out.kv = from_wire(std::move(before.front()));
  }
  return out;
}

Error malformed() { return {Code::InternalError, "store: etcd sent an answer that makes no sense"}; }

}  // namespace

store::KeyValue from_wire(KeyValue kv) {
  store::KeyValue out;
  out.key = std::move(kv.key);
  out.value = make_bytes(std::move(kv.value));
  out.create_revision = Revision(kv.create_revision);
  out.mod_revision = Revision(kv.mod_revision);
  out.version = kv.version;
  out.lease = LeaseId(kv.lease);
  return out;
}

store::Event from_wire(Event event) {
  store::Event out;
  if (event.kv) out.kv = from_wire(std::move(*event.kv));
  if (event.type != 0) {
    out.type = store::Event::Type::Delete;
    out.kv.value = nullptr;
  }
  if (event.prev_kv) out.prev = from_wire(std::move(*event.prev_kv));
  return out;
}

RangeRequest to_wire(const store::RangeRequest& request) {
  RangeRequest out;
  out.key = request.range.from;
  out.range_end = wire_end(request.range);
  out.limit = request.limit;
  out.revision = request.revision.get();
  out.keys_only = request.keys_only;
  out.count_only = request.count_only;
  return out;
}

Result<RangeResult> from_wire(RangeResponse response, bool keys_only) {
  if (!response.header) return malformed();
  RangeResult out;
  out.revision = Revision(response.header->revision);
  out.more = response.more;
  out.count = response.count;
  out.kvs.reserve(response.kvs.size());
  for (KeyValue& kv : response.kvs) {
    out.kvs.push_back(from_wire(std::move(kv)));
    if (keys_only) out.kvs.back().value = nullptr;
  }
  return out;
}

TxnRequest to_wire(const Txn& txn) {
  TxnRequest out;
  for (const store::Compare& compare : txn.compares) out.compare.push_back(to_wire(compare));
  for (const Op& op : txn.success) out.success.push_back(to_wire(op));
  for (const Op& op : txn.failure) out.failure.push_back(to_wire(op));
  return out;
}

Result<TxnResult> from_wire(TxnResponse response, const Txn& txn) {
  const size_t expected = response.succeeded ? txn.success.size() : txn.failure.size();
  if (!response.header || response.responses.size() != expected) return malformed();
  TxnResult out;
  out.succeeded = response.succeeded;
  out.revision = Revision(response.header->revision);
  out.results.reserve(expected);
  for (ResponseOp& op : response.responses) out.results.push_back(from_wire(std::move(op)));
  return out;
}

Error translate(const Error& error) {
  const std::string_view text = rpc::description(error);
  for (const Error& known : {compacted(), future_revision(), request_too_large(), too_many_ops(),
                             duplicate_key(), key_not_provided(), lease_not_found(), too_many_requests(),
                             timed_out(), space_exceeded(), stopped()}) {
    if (text == known.message()) return known;
  }
  switch (rpc::status_of(error)) {
    case rpc::Status::DeadlineExceeded:
      return timed_out();
    case rpc::Status::ResourceExhausted:
      // What gRPC's library says itself, whichever way it spells it.
      if (text.find("eceived message larger than max") != std::string_view::npos) return answer_too_large();
      return {error.code(), std::string(text)};
    case rpc::Status::Unavailable:
      return unavailable("etcd: " + std::string(text));
    default:
      return {error.code(), std::string(text)};
  }
}

}  // namespace mizzen::store::etcd
