#include "admission/default_chain.h"

#include "admission/plugins/default_storage_class/default_storage_class.h"
#include "admission/plugins/default_toleration_seconds/default_toleration_seconds.h"
#include "admission/plugins/device_admin_access/device_admin_access.h"
#include "admission/plugins/namespace_lifecycle/namespace_lifecycle.h"
#include "admission/plugins/persistent_volume_claim_resize/persistent_volume_claim_resize.h"
#include "admission/plugins/priority/priority.h"
#include "admission/plugins/runtime_class/runtime_class.h"
#include "admission/plugins/service_account/service_account.h"

namespace mizzen::admission {

std::unique_ptr<const Chain> make_default_chain(Chain::Deps deps, const Objects& objects) {
  std::vector<std::unique_ptr<const Plugin>> plugins;
  plugins.push_back(std::make_unique<NamespaceLifecycle>(deps.clock, objects));
  plugins.push_back(std::make_unique<ServiceAccount>(deps.clock, deps.random, objects));
  plugins.push_back(std::make_unique<Priority>(objects));
  plugins.push_back(std::make_unique<DefaultTolerationSeconds>());
  plugins.push_back(std::make_unique<DefaultStorageClass>(objects));
  plugins.push_back(std::make_unique<PersistentVolumeClaimResize>(objects));
  plugins.push_back(std::make_unique<RuntimeClass>(deps.clock, objects));
  plugins.push_back(std::make_unique<DeviceAdminAccess>(objects));
  return std::make_unique<const Chain>(deps, std::move(plugins));
}

}  // namespace mizzen::admission
