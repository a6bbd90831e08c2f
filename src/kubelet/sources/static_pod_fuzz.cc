// A manifest: any text becomes pods of this node, the same ones each time, or an error.
#include <cstdint>
#include <cstdlib>

#include "kubelet/sources/static_pod.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const kubelet::ManifestOrigin origin{"node1", "file", "/etc/pods/a.yaml",
                                       WallTime(std::chrono::seconds(1))};
  const auto pods = kubelet::static_pods_of(text, origin);
  if (!pods.ok()) return 0;
  if (pods->size() > kubelet::kPodsOfManifestMax) std::abort();
  const auto again = kubelet::static_pods_of(text, origin);
  if (!again.ok() || again->size() != pods->size()) std::abort();
  for (size_t i = 0; i < pods->size(); ++i) {
    const auto& meta = (*pods)[i].metadata;
    if (meta.uid.empty() || meta.uid != (*again)[i].metadata.uid) std::abort();
    if (!meta.name.ends_with("-node1") || meta.namespace_.empty()) std::abort();
  }
  return 0;
}
