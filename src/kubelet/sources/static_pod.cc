#include "kubelet/sources/static_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/checks/object_meta_checks.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/kinds/core/pod/pod_qos.h"
#include "api/v1beta1/convert.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"
#include "kubelet/state/digest.h"
#include "machinery/names/names.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using codec::Value;

/// A part of a digest as long as upstream's uids of static pods.
constexpr size_t kUidSize = 32;
constexpr size_t kUidSizeMax = 128;

bool names_secret(const v1::EnvVar& e) { return e.valueFrom && e.valueFrom->secretKeyRef; }
bool names_map(const v1::EnvVar& e) { return e.valueFrom && e.valueFrom->configMapKeyRef; }

template <typename Predicate>
bool any_container(const Pod& pod, Predicate asks) {
  const auto all = api::containers_of(pod.spec);
  return std::any_of(all.begin(), all.end(), [&](const auto& c) { return asks(c.spec); });
}

const char* reference_of(const v1::VolumeSource& v) {
  if (v.configMap) return "configmaps (via configmap volumes)";
  if (v.secret) return "secrets (via secret volumes)";
  if (v.csi) return "csidrivers (via CSI volumes)";
  if (v.persistentVolumeClaim) return "persistentvolumeclaims";
  if (v.ephemeral) return "persistentvolumeclaims (via ephemeral volumes)";
  if (!v.projected) return nullptr;
  for (const auto& s : v.projected->sources) {
    if (s.configMap) return "configmaps (via projected volumes)";
    if (s.secret) return "secrets (via projected volumes)";
    if (s.serviceAccountToken) return "serviceaccounts (via projected volumes)";
    if (s.clusterTrustBundle) return "clustertrustbundles";
    if (s.podCertificate) return "podcertificates";
  }
  return nullptr;
}

/// What the pod names of the API, in upstream's words and order; null where nothing.
const char* reference_of(const Pod& pod) {
  if (!pod.spec.serviceAccountName.empty()) return "serviceaccounts";
  const bool secrets = !pod.spec.imagePullSecrets.empty() || any_container(pod, [](const Container& c) {
    return std::any_of(c.env.begin(), c.env.end(), names_secret) ||
           std::any_of(c.envFrom.begin(), c.envFrom.end(),
                       [](const auto& e) { return e.secretRef.has_value(); });
  });
  if (secrets) return "secrets";
  const bool maps = any_container(pod, [](const Container& c) {
    return std::any_of(c.env.begin(), c.env.end(), names_map) ||
           std::any_of(c.envFrom.begin(), c.envFrom.end(),
                       [](const auto& e) { return e.configMapRef.has_value(); });
  });
  if (maps) return "configmaps";
  if (!pod.spec.resourceClaims.empty()) return "resourceclaims";
  for (const auto& volume : pod.spec.volumes)
    if (const char* found = reference_of(volume.volumeSource)) return found;
  return nullptr;
}

void tolerate_every_eviction(Pod& pod) {
  for (const auto& t : pod.spec.tolerations)
    if (t.operator_ == "Exists" && t.effect == "NoExecute" && t.key.empty()) return;
  auto& toleration = pod.spec.tolerations.emplace_back();
  toleration.operator_ = "Exists";
  toleration.effect = "NoExecute";
}

/// Folders and control groups are called by it.
bool is_usable_uid(const std::string& uid) {
  return uid.size() <= kUidSizeMax && std::all_of(uid.begin(), uid.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
         });
}

void check_names(const Pod& pod, machinery::FieldErrors& errors) {
  const machinery::Path at("metadata");
  const auto& meta = pod.metadata;
  if (!is_usable_uid(meta.uid))
    errors.invalid(at.child("uid"), meta.uid,
                   fmt::format("must consist of at most {} letters, digits and '-'", kUidSizeMax));
  for (const auto& why : machinery::is_dns1123_subdomain(meta.name))
    errors.invalid(at.child("name"), meta.name, why);
  for (const auto& why : machinery::is_dns1123_label(meta.namespace_))
    errors.invalid(at.child("namespace"), meta.namespace_, why);
  api::check_labels(meta.labels, at.child("labels"), errors);
  api::check_annotations(meta.annotations, at.child("annotations"), errors);
}

/// One pod of v1, as JSON, made this node's.
Result<Pod> make_pod(const std::string& json, const ManifestOrigin& origin) {
  MZ_ASSIGN(Pod pod, codec::from_json<Pod>(json));
  if (pod.metadata.name.empty()) return Error(Code::Invalid, "invalid pod: name is needed for the pod");
  pod.status = {};
  if (pod.metadata.uid.empty()) {
    pod.metadata.uid = sha256_hex(fmt::format("{}host:{}{}:{}", codec::to_json(pod), origin.node_name,
                                              origin.source, origin.place))
                           .substr(0, kUidSize);
  }
  pod.metadata.name = pod.metadata.name + "-" + to_lower(origin.node_name);
  if (pod.metadata.namespace_.empty()) pod.metadata.namespace_ = "default";
  pod.metadata.generation = 1;
  pod.spec.nodeName = origin.node_name;
  auto& annotations = pod.metadata.annotations;
  annotations.set(kManifestHashAnnotation, pod.metadata.uid);
  tolerate_every_eviction(pod);
  api::default_pod_spec(pod.spec);
  api::default_pod(pod);
  pod.status.phase = "Pending";
  pod.status.qosClass = api::qos_class(pod.spec);
  machinery::FieldErrors errors;
  check_names(pod, errors);
  api::check_pod_create(pod, errors);
  if (!errors.empty()) return Error(Code::Invalid, "invalid pod: " + errors.text());
  if (const char* what = reference_of(pod))
    return Error(Code::Invalid, fmt::format("static pods may not reference {}", what));
  annotations.set(kSourceAnnotation, origin.source);
  annotations.set(kSeenAnnotation, codec::format_time(codec::Time::from(origin.now)));
  return pod;
}

Error no_pod(std::string_view kind, std::string_view version) {
  return Error(
      Code::BadRequest,
      fmt::format("invalid pod: a manifest has kind Pod of v1, this one has {} of {}", kind, version));
}

/// A document of v1beta1 as v1 says it; what it never had is told.
Result<Value> as_v1(Value document, const ManifestOrigin& origin) {
  if (!api::v1beta1::is_old(document)) return document;
  MZ_ASSIGN(auto now, api::v1beta1::to_v1(document));
  for (const auto& path : now.unknown)
    log::warn("kubelet", "A manifest of v1beta1 has an unknown field, which is left out",
              {log::kv("place", origin.place), log::kv("field", path)});
  return std::move(now.object);
}

std::string text_at(const Value& object, const char* name) {
  const Value* found = object.is_object() ? object.find(name) : nullptr;
  return found && found->is_string() ? found->text() : "";
}

}  // namespace

Result<std::vector<Pod>> static_pods_of(std::string_view manifest, const ManifestOrigin& origin) {
  MZ_ASSIGN(const auto json, codec::yaml_document_to_json(manifest));
  MZ_ASSIGN(auto parsed, Value::parse(json));
  MZ_ASSIGN(const Value document, as_v1(std::move(parsed), origin));
  const std::string kind = text_at(document, "kind"), version = text_at(document, "apiVersion");
  if (kind.empty())
    return Error(Code::BadRequest, "Object 'Kind' is missing in '" + json.substr(0, 200) + "'");
  std::vector<Pod> out;
  if (version == "v1" && kind == "Pod") {
    MZ_ASSIGN(out.emplace_back(), make_pod(document.str(), origin));
    return out;
  }
  if (version != "v1" || (kind != "PodList" && kind != "List")) return no_pod(kind, version);
  const Value* items = document.find("items");
  if (!items || items->is_null()) return out;
  if (!items->is_array()) return Error(Code::BadRequest, "invalid pod: items must be a list");
  if (items->items().size() > kPodsOfManifestMax)
    return Error(Code::RequestEntityTooLarge,
                 fmt::format("invalid pod: a manifest declares at most {} pods", kPodsOfManifestMax));
  for (const Value& item : items->items()) {
    // Items of a PodList need not say what they are.
    MZ_ASSIGN(const Value one, as_v1(item, origin));
    const std::string its = text_at(one, "kind");
    if (!(its == "Pod" || (its.empty() && kind == "PodList"))) return no_pod(its, text_at(one, "apiVersion"));
    MZ_ASSIGN(out.emplace_back(), make_pod(one.str(), origin));
  }
  return out;
}

Result<Pod> static_pod_of(std::string_view manifest, const ManifestOrigin& origin) {
  MZ_ASSIGN(auto pods, static_pods_of(manifest, origin));
  if (pods.size() != 1)
    return Error(Code::BadRequest, fmt::format("invalid pod: the manifest declares {} pods", pods.size()));
  return std::move(pods.front());
}

}  // namespace mizzen::kubelet
