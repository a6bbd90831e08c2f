#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: NamespaceLifecycle: nothing is made in a namespace that is not there or is going, and the namespaces
/// a cluster cannot do without stay. Threading: immutable. A namespace that the cache does not know is asked
/// for at the store, without a thread.
class NamespaceLifecycle final : public Plugin {
 public:
  NamespaceLifecycle(const Clock& clock, const Objects& objects) : clock_(clock), objects_(objects) {}
  std::string_view name() const override { return "NamespaceLifecycle"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;

 private:
  const Clock& clock_;
  const Objects& objects_;
};

}  // namespace mizzen::admission
