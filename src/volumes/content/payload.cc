#include "volumes/content/payload.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "volumes/content/pod_owner.h"

namespace mizzen::volumes {
namespace {

namespace v1 = api::core::v1;

constexpr int32_t kModeDefault = 0644;
/// Of what only the pod's own user or group may read.
constexpr int32_t kModeOwned = 0600;

/// Text and binary keys of one object.
struct Keys {
  const codec::Map<std::string>* text;
  const codec::Map<std::string>* binary;
  const std::string* find(const std::string& key) const {
    if (const auto* found = text->find(key)) return found;
    return binary ? binary->find(key) : nullptr;
  }
};

Result<void> add_keys(const Keys& keys, const std::vector<v1::KeyToPath>& items, int32_t mode, bool optional,
                      std::string_view missing_text, Payload& out) {
  if (items.empty()) {
    for (const auto* map : {keys.text, keys.binary}) {
      if (!map) continue;
      for (const auto& [key, bytes] : *map) out[key] = {bytes, mode};
    }
    return {};
  }
  for (const auto& item : items) {
    const std::string* bytes = keys.find(item.key);
    if (!bytes) {
      if (optional) continue;
      return Error(Code::NotFound, fmt::format("{}: {}", missing_text, item.key));
    }
    out[item.path] = {*bytes, item.mode.value_or(mode)};
  }
  return {};
}

Result<void> add_config_map(const PayloadContext& context, const std::string& name,
                            const std::vector<v1::KeyToPath>& items, int32_t mode, bool optional,
                            Payload& out) {
  auto found = context.objects.config_map(context.pod.metadata.namespace_, name);
  if (!found.ok()) {
    if (optional && found.error().code() == Code::NotFound) return {};
    return found.error();
  }
  const Keys keys{&(*found)->data, &(*found)->binaryData};
  return add_keys(keys, items, mode, optional, "configmap references non-existent config key", out);
}

Result<void> add_secret(const PayloadContext& context, const std::string& name,
                        const std::vector<v1::KeyToPath>& items, int32_t mode, bool optional, Payload& out) {
  auto found = context.objects.secret(context.pod.metadata.namespace_, name);
  if (!found.ok()) {
    if (optional && found.error().code() == Code::NotFound) return {};
    return found.error();
  }
  const Keys keys{&(*found)->data, nullptr};
  return add_keys(keys, items, mode, optional, "references non-existent secret key", out);
}

Result<void> add_downward(const PayloadContext& context, const std::vector<v1::DownwardAPIVolumeFile>& items,
                          int32_t mode, Payload& out) {
  for (const auto& item : items) {
    Result<std::string> text =
        Error(Code::BadRequest, fmt::format("{} has neither fieldRef nor resourceFieldRef", item.path));
    if (item.fieldRef) {
      text = pod_field(context.pod, item.fieldRef->fieldPath);
    } else if (item.resourceFieldRef) {
      text = resource_field(context.pod, item.resourceFieldRef->containerName, *item.resourceFieldRef,
                            context.allocatable);
    }
    if (!text.ok()) return text.error();
    out[item.path] = {std::move(*text), item.mode.value_or(mode)};
  }
  return {};
}

Result<void> add_token(const PayloadContext& context, const v1::ServiceAccountTokenProjection& wanted,
                       int32_t mode, Payload& out) {
  MZ_ASSIGN(auto token, context.objects.service_account_token(context.pod, wanted));
  const auto user = fs_user(context.pod);
  const bool owned = user || fs_group(context.pod);
  out[wanted.path] = {std::move(token), owned ? kModeOwned : mode, user};
  return {};
}

Result<void> add_projection(const PayloadContext& context, const v1::VolumeProjection& source, int32_t mode,
                            Payload& out) {
  if (source.configMap) {
    const auto& s = *source.configMap;
    return add_config_map(context, s.localObjectReference.name, s.items, mode, s.optional.value_or(false),
                          out);
  }
  if (source.secret) {
    const auto& s = *source.secret;
    return add_secret(context, s.localObjectReference.name, s.items, mode, s.optional.value_or(false), out);
  }
  if (source.downwardAPI) return add_downward(context, source.downwardAPI->items, mode, out);
  if (source.serviceAccountToken) return add_token(context, *source.serviceAccountToken, mode, out);
  return Error(Code::BadRequest,
               fmt::format("projected volume sources of type {} are not supported by this node yet",
                           source.clusterTrustBundle ? "clusterTrustBundle"
                           : source.podCertificate   ? "podCertificate"
                                                     : "given"));
}

/// Every source is tried, so that all that is missing is told at once.
Result<void> add_projections(const PayloadContext& context, const v1::ProjectedVolumeSource& projected,
                             Payload& out) {
  std::vector<std::string> told;
  std::optional<Code> code;
  for (const auto& part : projected.sources) {
    const auto added = add_projection(context, part, projected.defaultMode.value_or(kModeDefault), out);
    if (added.ok()) continue;
    if (!code) code = added.error().code();
    const std::string& why = added.error().message();
    if (std::find(told.begin(), told.end(), why) == told.end()) told.push_back(why);
  }
  if (!code) return {};
  return Error(*code, told.size() == 1 ? told.front() : fmt::format("[{}]", join(told, ", ")));
}

}  // namespace

Result<Payload> payload_of(const v1::Volume& volume, const PayloadContext& context) {
  const auto& source = volume.volumeSource;
  Payload out;
  if (source.configMap) {
    const auto& s = *source.configMap;
    MZ_TRY(add_config_map(context, s.localObjectReference.name, s.items, s.defaultMode.value_or(kModeDefault),
                          s.optional.value_or(false), out));
  } else if (source.secret) {
    const auto& s = *source.secret;
    MZ_TRY(add_secret(context, s.secretName, s.items, s.defaultMode.value_or(kModeDefault),
                      s.optional.value_or(false), out));
  } else if (source.downwardAPI) {
    MZ_TRY(add_downward(context, source.downwardAPI->items,
                        source.downwardAPI->defaultMode.value_or(kModeDefault), out));
  } else if (source.projected) {
    MZ_TRY(add_projections(context, *source.projected, out));
  } else {
    return Error(Code::BadRequest, fmt::format("volume {} has no payload", volume.name));
  }
  return out;
}

}  // namespace mizzen::volumes
