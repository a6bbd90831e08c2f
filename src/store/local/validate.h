#pragma once
#include "base/result.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// Refuses what etcd refuses: empty keys, a key changed twice, too many steps, too many bytes.
Result<void> validate(const Txn& txn);
/// Keys and values of the transaction together.
size_t bytes_of(const Txn& txn);

}  // namespace mizzen::store
