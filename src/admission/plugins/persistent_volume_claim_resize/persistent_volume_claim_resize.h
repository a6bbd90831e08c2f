#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: PersistentVolumeClaimResize: only bound claims whose class allows it may grow. Threading: immutable.
class PersistentVolumeClaimResize final : public Plugin {
 public:
  explicit PersistentVolumeClaimResize(const Objects& objects) : objects_(objects) {}
  std::string_view name() const override { return "PersistentVolumeClaimResize"; }
  std::span<const Interest> interests() const override;
  Answer validate(const Attributes& a, const Resume& resume) const override;

 private:
  const Objects& objects_;
};

}  // namespace mizzen::admission
