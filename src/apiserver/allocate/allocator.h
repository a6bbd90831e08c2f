#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "machinery/object/object.h"

namespace mizzen::apiserver {

/// What a write takes and gives back beside its object, in the same transaction: keys of the store that say
/// who has what. A key to take must be absent; one to release is deleted whoever has it.
struct Claims {
  static constexpr size_t kKeysMax = 120;  ///< with the object's own key, under the store's bound
  std::vector<std::string> take;
  std::vector<std::string> release;
  std::string owner;  ///< stored under what is taken
  bool empty() const { return take.empty() && release.empty(); }
};

/// Role: gives out what only one object may have: addresses, ports. Kubernetes contract: upstream's texts and
/// bands. Place: asked by a resource's writes on valid objects, right before the commit. Truth: the store:
/// what is given out is only claimed here; the transaction decides, so several servers on one store never
/// give the same out twice. Threading: thread-safe; does not block. Failure: the API's errors.
class Allocator {
 public:
  virtual ~Allocator() = default;
  /// Fills in what the object leaves open and says what that takes, and what of `old`'s (empty on create) it
  /// no longer needs. Asked again, with the object as it was, where the claims were lost.
  virtual Result<Claims> allocate(machinery::MutableObject& object, const machinery::Object& old) = 0;
  /// All that the object has.
  virtual Claims release(const machinery::Object& old) = 0;
  /// The store says that somebody has these, whatever is known here.
  virtual void lost(const std::vector<std::string>& keys) = 0;
};

}  // namespace mizzen::apiserver
