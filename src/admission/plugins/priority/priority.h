#pragma once
#include <memory>
#include <optional>

#include "admission/chain/plugin.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "base/mutex.h"

namespace mizzen::admission {

/// Role: Priority: pods get the number and the preemption policy of the class they name, or of the cluster's
/// default; one class may be the default. Threading: thread-safe. The default is found once per change of the
/// classes, not per pod.
class Priority final : public Plugin {
 public:
  explicit Priority(const Objects& objects) : objects_(objects) {}
  std::string_view name() const override { return "Priority"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;
  Answer validate(const Attributes& a, const Resume& resume) const override;

 private:
  using Class = std::shared_ptr<const api::scheduling::v1::PriorityClass>;
  /// The class that pods without one get; of several, which only a race can make, the one with the lowest
  /// value.
  Class default_class() const;

  const Objects& objects_;
  mutable Mutex m_;
  mutable std::optional<int64_t> known_at_ MZ_GUARDED_BY(m_);
  mutable Class default_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::admission
