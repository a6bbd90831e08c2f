#include "store/local/validate.h"

#include <algorithm>

#include "store/contract/errors.h"

namespace mizzen::store {
namespace {

Result<void> validate_ops(const std::vector<Op>& ops) {
  if (ops.size() > kTxnOpsMax) return too_many_ops();
  std::vector<std::string_view> changed;
  for (const Op& op : ops) {
    if (op.key.empty()) return key_not_provided();
    if (op.kind != Op::Kind::Get) changed.push_back(op.key);
  }
  std::sort(changed.begin(), changed.end());
  if (std::adjacent_find(changed.begin(), changed.end()) != changed.end()) return duplicate_key();
  return {};
}

size_t bytes_of(const std::vector<Op>& ops) {
  size_t sum = 0;
  for (const Op& op : ops) sum += op.key.size() + view(op.value).size();
  return sum;
}

}  // namespace

size_t bytes_of(const Txn& txn) {
  size_t sum = bytes_of(txn.success) + bytes_of(txn.failure);
  for (const Compare& compare : txn.compares) sum += compare.key.size();
  return sum;
}

Result<void> validate(const Txn& txn) {
  if (txn.compares.size() > kTxnOpsMax) return too_many_ops();
  for (const Compare& compare : txn.compares) {
    if (compare.key.empty()) return key_not_provided();
  }
  MZ_TRY(validate_ops(txn.success));
  MZ_TRY(validate_ops(txn.failure));
  if (bytes_of(txn) > kRequestBytesMax) return request_too_large();
  return {};
}

}  // namespace mizzen::store
