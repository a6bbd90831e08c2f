#pragma once
#include <string>
#include <string_view>
#include <unordered_set>

#include "apiserver/allocate/allocator.h"
#include "async/mutex.h"

namespace mizzen::apiserver {

/// The key that stands in the store for as long as this holder has the lease of that name.
std::string term_key(std::string_view namespace_, std::string_view lease, std::string_view holder);

/// Role: sees to it that the store knows who leads: a lease that changes hands takes the key of its new
/// holder and gives back that of the old one, in the same transaction. A leader's writes ask for his key
/// (RequestContext::fence), so that one that was stopped in the middle of a write, and goes on after another
/// has taken over, writes nothing. Place: the allocator of leases; those outside kube-system are nobody's
/// terms. Threading: thread-safe. Bounds: kKnownMax keys that are known to be there.
class TermKeeper final : public Allocator {
 public:
  static constexpr size_t kKnownMax = 64;

  Result<Claims> allocate(machinery::MutableObject& object, const machinery::Object& old) override;
  Claims release(const machinery::Object& old) override;
  void lost(const std::vector<std::string>& keys) override;

 private:
  /// Left by somebody who took the lease away without this: there already, so not to be taken once more.
  Guarded<std::unordered_set<std::string>> there_;
};

}  // namespace mizzen::apiserver
