#pragma once
#include "admission/chain/plugin.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/node/v1/runtime_class.h"

namespace mizzen::admission {

/// Role: RuntimeClass: a pod that names a class which is not there is refused, and one whose class is there
/// gets its overhead and where it may run. What a pod costs beside its containers is the class's to say.
/// Threading: thread-safe; a class that the cache lacks is looked up in the store. Failure: where
/// RuntimeClasses are not served there is none, so that nobody is run less isolated than asked.
class RuntimeClass final : public Plugin {
 public:
  RuntimeClass(const Clock& clock, const Objects& objects) : clock_(clock), objects_(objects) {}
  std::string_view name() const override { return "RuntimeClass"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;
  Answer validate(const Attributes& a, const Resume& resume) const override;

 private:
  using Class = api::node::v1::RuntimeClass;
  /// Calls `with` with the pod's class, null where it names none, now or later.
  Answer with_class(const Attributes& a, const Resume& resume,
                    std::function<Result<void>(const Class*)> with) const;

  const Clock& clock_;
  const Objects& objects_;
};

}  // namespace mizzen::admission
