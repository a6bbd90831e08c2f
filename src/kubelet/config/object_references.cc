#include "kubelet/config/object_references.h"

namespace mizzen::kubelet {
namespace {

using Kind = ObjectReference::Kind;

class Found {
 public:
  void add(Kind kind, const std::string& name) {
    if (!name.empty()) out_.insert({kind, name});
  }
  void volume(const api::core::v1::VolumeSource& source) {
    if (source.configMap) add(Kind::ConfigMap, source.configMap->localObjectReference.name);
    if (source.secret) add(Kind::Secret, source.secret->secretName);
    if (!source.projected) return;
    for (const auto& part : source.projected->sources) {
      if (part.configMap) add(Kind::ConfigMap, part.configMap->localObjectReference.name);
      if (part.secret) add(Kind::Secret, part.secret->localObjectReference.name);
    }
  }
  void container(const Container& c) {
    for (const auto& from : c.envFrom) {
      if (from.configMapRef) add(Kind::ConfigMap, from.configMapRef->localObjectReference.name);
      if (from.secretRef) add(Kind::Secret, from.secretRef->localObjectReference.name);
    }
    for (const auto& env : c.env) {
      if (!env.valueFrom) continue;
      if (env.valueFrom->configMapKeyRef)
        add(Kind::ConfigMap, env.valueFrom->configMapKeyRef->localObjectReference.name);
      if (env.valueFrom->secretKeyRef)
        add(Kind::Secret, env.valueFrom->secretKeyRef->localObjectReference.name);
    }
  }
  std::set<ObjectReference> take() { return std::move(out_); }

 private:
  std::set<ObjectReference> out_;
};

}  // namespace

std::set<ObjectReference> object_references(const Pod& pod) {
  Found found;
  for (const auto& v : pod.spec.volumes) found.volume(v.volumeSource);
  for (const auto& c : api::containers_of(pod.spec)) found.container(c.spec);
  for (const auto& s : pod.spec.imagePullSecrets) found.add(Kind::Secret, s.name);
  return found.take();
}

}  // namespace mizzen::kubelet
