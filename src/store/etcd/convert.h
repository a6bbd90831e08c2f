#pragma once
#include "base/result.h"
#include "store/contract/store.h"
#include "store/schema/etcd.h"

/// The contract's types as etcd's messages and back; pure.
namespace mizzen::store::etcd {

RangeRequest to_wire(const store::RangeRequest& request);
Result<RangeResult> from_wire(RangeResponse response, bool keys_only);
TxnRequest to_wire(const Txn& txn);
/// InternalError where the answer does not fit the transaction.
Result<TxnResult> from_wire(TxnResponse response, const Txn& txn);
store::KeyValue from_wire(KeyValue kv);
store::Event from_wire(Event event);
/// etcd's refusal as one of ours, where the store has a name for it; else with the server's text.
Error translate(const Error& error);

}  // namespace mizzen::store::etcd
