#include "store/testing/calls.h"

#include <gtest/gtest.h>

namespace mizzen::store::calls {

// No bound of its own, so that it fits any clock; CTest ends what hangs.
Deadline soon() { return Deadline::never(); }

TxnResult txn(Store& store, Txn txn) {
  Result<TxnResult> result = store.txn(std::move(txn), soon());
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return *result;
}

Revision put(Store& store, const std::string& key, const std::string& value) {
  return txn(store, Txn::put(key, make_bytes(value))).revision;
}

Revision erase(Store& store, const std::string& key) { return txn(store, Txn::del(key)).revision; }

std::optional<KeyValue> get(Store& store, const std::string& key) {
  Result<GetResult> result = store.get(key, soon());
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return result->kv;
}

std::string value(Store& store, const std::string& key) {
  const std::optional<KeyValue> kv = get(store, key);
  return kv ? std::string(view(kv->value)) : "<absent>";
}

RangeResult range(Store& store, RangeRequest request) {
  Result<RangeResult> result = store.range(request, soon());
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return *result;
}

std::vector<std::string> keys(const RangeResult& result) {
  std::vector<std::string> out;
  for (const KeyValue& kv : result.kvs) out.push_back(kv.key);
  return out;
}

Revision now(Store& store) {
  Result<Revision> result = store.current_revision(soon());
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return *result;
}

}  // namespace mizzen::store::calls
