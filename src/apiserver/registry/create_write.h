#pragma once
#include "apiserver/flow/completion.h"
#include "apiserver/registry/resource_store.h"

namespace mizzen::apiserver {

/// Role: one creation on its way: name and identity, defaults, admission, validation, claims, commit; again
/// where a generated name or a claim was somebody else's. Threading: one stage at a time.
class ResourceStore::CreateWrite : public std::enable_shared_from_this<CreateWrite> {
 public:
  CreateWrite(ResourceStore& store, RequestContextPtr context, machinery::MutableObject object,
              Done<EntryPtr> done);
  void start();

 private:
  void attempt();
  void allocate_and_commit();
  void committed(Result<Committed> result);
  Error taken() const;
  void end(Result<EntryPtr> result);

  const StorePtr store_;  ///< keeps s_, whose resource may go meanwhile
  ResourceStore& s_;
  const RequestContextPtr context_;
  machinery::MutableObject object_;
  Completion<EntryPtr> done_;
  std::string namespace_, name_;  ///< as asked for, for admission
  bool asks_for_version_ = false;
  bool generated_ = false;
  int tries_ = 0;
  std::string key_;
  std::optional<admission::Attributes> attributes_;
};

}  // namespace mizzen::apiserver
