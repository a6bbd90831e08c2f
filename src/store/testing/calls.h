#pragma once
#include <string>
#include <vector>

#include "store/testing/conformance.h"

/// Short forms of store calls for tests: each fails the test where the call fails.
namespace mizzen::store::calls {

Deadline soon();
Revision put(Store& store, const std::string& key, const std::string& value);
Revision erase(Store& store, const std::string& key);
std::optional<KeyValue> get(Store& store, const std::string& key);
std::string value(Store& store, const std::string& key);  ///< "<absent>" where there is none
TxnResult txn(Store& store, Txn txn);
RangeResult range(Store& store, RangeRequest request);
std::vector<std::string> keys(const RangeResult& result);
Revision now(Store& store);

}  // namespace mizzen::store::calls
