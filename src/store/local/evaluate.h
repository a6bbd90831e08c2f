#pragma once
#include <vector>

#include "base/result.h"
#include "store/contract/store.h"
#include "store/local/watch_hub.h"

namespace mizzen::store {

/// The state a transaction is decided on.
class KeyView {
 public:
  virtual ~KeyView() = default;
  /// The key as it stands; its value only where `with_value`.
  virtual Result<std::optional<KeyValue>> newest(const std::string& key, bool with_value) = 0;
  virtual bool lease_exists(LeaseId lease) = 0;
};

/// What a transaction will do, once it is written.
struct Evaluated {
  TxnResult result;  ///< revision is `next` where there are changes, else next - 1
  std::vector<Committed> changes;
  std::vector<LeaseId> prev_leases;  ///< for each change: the lease the key was on before
};

/// Decides a validated transaction: pure but for the view. `keep_prev` fills in each change's prev with its
/// value.
Result<Evaluated> evaluate(const Txn& txn, KeyView& view, Revision next, bool keep_prev);

}  // namespace mizzen::store
