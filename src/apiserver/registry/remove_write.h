#pragma once
#include "apiserver/flow/completion.h"
#include "apiserver/registry/resource_store.h"

namespace mizzen::apiserver {

/// Role: one deletion on its way: admission once, then preconditions, finalizers and grace on the present
/// state, commit; again on the newest state where the store has moved on. Threading: one stage at a time.
class ResourceStore::RemoveWrite : public std::enable_shared_from_this<RemoveWrite> {
 public:
  RemoveWrite(ResourceStore& store, RequestContextPtr context, const std::string& namespace_,
              const std::string& name, meta::v1::DeleteOptions options, Done<Deletion> done);
  void start(bool admit);

 private:
  void begin(bool admit);
  void evaluate();
  /// What is left of the object after this deletion; `stays`: it terminates instead of going.
  machinery::MutableObject next_state(const machinery::Object& before, bool& stays) const;
  bool shorten_grace(meta::v1::ObjectMeta& meta, std::optional<int64_t> asked, int64_t grace,
                     int64_t now) const;
  void committed(Result<Committed> result, bool stays);
  /// Evaluates once more where the cache was behind; else goes on with `unchanged`.
  void look_again(std::function<void()> unchanged);
  void end(Result<Deletion> result) { done_(std::move(result)); }

  const StorePtr store_;  ///< keeps s_, whose resource may go meanwhile
  ResourceStore& s_;
  const RequestContextPtr context_;
  const std::string namespace_, name_, key_;
  const meta::v1::DeleteOptions options_;
  Completion<Deletion> done_;
  EntryPtr old_;
  bool from_cache_ = true;
  int tries_ = 0;
  std::optional<admission::Attributes> attributes_;
};

}  // namespace mizzen::apiserver
