#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: admin access to devices is for namespaces that are labelled so: claims, templates of them, and what
/// is allocated to claims. Upstream has it in its registry, since it asks for the namespace it stands here,
/// after the object's own rules. Threading: immutable.
class DeviceAdminAccess final : public Plugin {
 public:
  explicit DeviceAdminAccess(const Objects& objects) : objects_(objects) {}
  std::string_view name() const override { return "DeviceAdminAccess"; }
  std::span<const Interest> interests() const override;
  Answer validate(const Attributes& a, const Resume& resume) const override;

 private:
  const Objects& objects_;
};

}  // namespace mizzen::admission
