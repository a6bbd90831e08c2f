#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: DefaultStorageClass: claims that name no class get the cluster's default, the newest where there are
/// several. Threading: immutable.
class DefaultStorageClass final : public Plugin {
 public:
  explicit DefaultStorageClass(const Objects& objects) : objects_(objects) {}
  std::string_view name() const override { return "DefaultStorageClass"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;

 private:
  const Objects& objects_;
};

}  // namespace mizzen::admission
