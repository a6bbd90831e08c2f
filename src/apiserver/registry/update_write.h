#pragma once
#include "apiserver/flow/completion.h"
#include "apiserver/registry/resource_store.h"

namespace mizzen::apiserver {

/// Role: one update on its way: the change on the present state, defaults, admission, what no request may
/// touch, validation, claims, commit; from the start on the newest state where the store has moved on. What
/// the cache's state makes wrong is looked at once more on the store's. Threading: one stage at a time.
class ResourceStore::UpdateWrite : public std::enable_shared_from_this<UpdateWrite> {
 public:
  UpdateWrite(ResourceStore& store, RequestContextPtr context, const std::string& namespace_,
              const std::string& name, NextState change, UpdateOptions options, Done<Updated> done);
  void start();

 private:
  void begin(Result<EntryPtr> got);
  /// On `old_`.
  void evaluate();
  Result<machinery::MutableObject> changed() const;
  Error other_uid(std::string_view asked, std::string_view there) const;
  void admitted();
  Result<void> check();
  void finish();
  bool is_finished(const machinery::Object& before) const;
  void commit(Claims claims, bool deletes);
  void committed(Result<Committed> result, bool deletes);
  /// Evaluates once more where the cache was behind; else goes on with `unchanged`.
  void look_again(std::function<void()> unchanged);
  /// Ends with the error, unless the cache was behind.
  void refused(const Error& error);
  void end(Result<Updated> result) { done_(std::move(result)); }
  void end(EntryPtr entry) { done_(Updated{std::move(entry), false}); }

  const StorePtr store_;  ///< keeps s_, whose resource may go meanwhile
  ResourceStore& s_;
  const RequestContextPtr context_;
  const std::string namespace_, name_, key_;
  const NextState change_;
  const UpdateOptions options_;
  Completion<Updated> done_;
  const size_t warnings_;  ///< there were before this began
  EntryPtr old_;
  Object before_;  ///< old_'s
  bool from_cache_ = true;
  int tries_ = 0;
  machinery::MutableObject next_;
  std::optional<admission::Attributes> attributes_;
};

}  // namespace mizzen::apiserver
