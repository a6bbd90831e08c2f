#include "api/builtin.h"

#include <fmt/format.h>

#include <string>

#include "api/kinds/apps/controller_revision/controller_revision_strategy.h"
#include "api/kinds/apps/deployment/deployment_strategy.h"
#include "api/kinds/apps/replica_set/replica_set_strategy.h"
#include "api/kinds/coordination/lease/lease_strategy.h"
#include "api/kinds/core/config_map/config_map_strategy.h"
#include "api/kinds/core/endpoints/endpoints_strategy.h"
#include "api/kinds/core/event/event_strategy.h"
#include "api/kinds/core/event/event_versions.h"
#include "api/kinds/core/namespace/namespace_strategy.h"
#include "api/kinds/core/node/node_strategy.h"
#include "api/kinds/core/persistent_volume/persistent_volume_strategy.h"
#include "api/kinds/core/persistent_volume_claim/persistent_volume_claim_strategy.h"
#include "api/kinds/core/pod/pod_strategy.h"
#include "api/kinds/core/pod_template/pod_template_strategy.h"
#include "api/kinds/core/replication_controller/replication_controller_strategy.h"
#include "api/kinds/core/secret/secret_strategy.h"
#include "api/kinds/core/service/service_strategy.h"
#include "api/kinds/core/service_account/service_account_strategy.h"
#include "api/kinds/discovery/endpoint_slice/endpoint_slice_strategy.h"
#include "api/kinds/discovery/endpoint_slice/endpoint_slice_versions.h"
#include "api/kinds/node/runtime_class/runtime_class_strategy.h"
#include "api/kinds/policy/pod_disruption_budget/pod_disruption_budget_strategy.h"
#include "api/kinds/resource/device_class/device_class_strategy.h"
#include "api/kinds/resource/resource_claim/resource_claim_strategy.h"
#include "api/kinds/resource/resource_claim_template/resource_claim_template_strategy.h"
#include "api/kinds/resource/resource_slice/resource_slice_strategy.h"
#include "api/kinds/scheduling/priority_class/priority_class_strategy.h"
#include "api/kinds/storage/csi_driver/csi_driver_strategy.h"
#include "api/kinds/storage/csi_node/csi_node_strategy.h"
#include "api/kinds/storage/csi_storage_capacity/csi_storage_capacity_strategy.h"
#include "api/kinds/storage/storage_class/storage_class_strategy.h"
#include "api/kinds/storage/volume_attachment/volume_attachment_strategy.h"
#include "api/schema/apps/v1/controller_revision.h"
#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/apps/v1beta1/controller_revision.h"
#include "api/schema/apps/v1beta1/deployment.h"
#include "api/schema/apps/v1beta2/controller_revision.h"
#include "api/schema/apps/v1beta2/deployment.h"
#include "api/schema/apps/v1beta2/replica_set.h"
#include "api/schema/authentication/v1/self_subject_review.h"
#include "api/schema/authentication/v1/token_review.h"
#include "api/schema/authentication/v1beta1/token_review.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/coordination/v1beta1/lease.h"
#include "api/schema/core/v1/binding.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/event.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/persistent_volume.h"
#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/pod_template.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/schema/core/v1/secret.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "api/schema/discovery/v1beta1/endpoint_slice.h"
#include "api/schema/events/v1/event.h"
#include "api/schema/events/v1beta1/event.h"
#include "api/schema/extensions/v1beta1/deployment.h"
#include "api/schema/extensions/v1beta1/replica_set.h"
#include "api/schema/node/v1/runtime_class.h"
#include "api/schema/policy/v1/pod_disruption_budget.h"
#include "api/schema/resource/v1/device_class.h"
#include "api/schema/resource/v1/resource_claim.h"
#include "api/schema/resource/v1/resource_claim_template.h"
#include "api/schema/resource/v1/resource_slice.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "api/schema/scheduling/v1beta1/priority_class.h"
#include "api/schema/storage/v1/csi_driver.h"
#include "api/schema/storage/v1/csi_node.h"
#include "api/schema/storage/v1/csi_storage_capacity.h"
#include "api/schema/storage/v1/storage_class.h"
#include "api/schema/storage/v1/volume_attachment.h"
#include "base/check.h"

namespace mizzen::api {
namespace {

using S = Subresource;

/// Since when a version is on its way out, in which release upstream took it away, and what it names instead.
struct Old {
  std::string_view deprecated;
  std::string_view removed;
  std::string_view use = "";  ///< "apps/v1"
};

/// What lasts as long as the program, for those who share ownership of what may not.
template <typename T>
std::shared_ptr<const T> lasting(const T& thing) {
  return std::shared_ptr<const T>(std::shared_ptr<void>(), &thing);
}

template <typename T, typename L>
ServedVersion served(std::string_view group, std::string_view version) {
  ServedVersion out;
  out.group = group;
  out.version = version;
  out.message = lasting(T::descriptor());
  out.list = lasting(L::descriptor());
  return out;
}

/// A deprecated version, with the Warning in upstream's words.
template <typename T, typename L>
ServedVersion served(std::string_view group, std::string_view version, const Old& old) {
  ServedVersion out = served<T, L>(group, version);
  const std::string_view kind = T::descriptor().name;
  out.warning = fmt::format("{} {} is deprecated in v{}+, unavailable in v{}+", out.api_version(), kind,
                            old.deprecated, old.removed);
  if (!old.use.empty()) out.warning += fmt::format("; use {} {}", old.use, kind);
  out.removed_release = old.removed;
  return out;
}

const Strategy& plain() {
  static const Strategy strategy;
  return strategy;
}

}  // namespace

std::vector<ResourceInfo> builtin_resources() {
  namespace core = core::v1;
  std::vector<ResourceInfo> out;
  const auto add = [&](std::string_view plural, std::string_view singular, std::string_view kind,
                       bool namespaced, std::vector<std::string> short_names,
                       std::vector<ServedVersion> versions, std::vector<Subresource> subresources,
                       const Strategy& strategy, std::vector<std::string> categories = {}) -> ResourceInfo& {
    ResourceInfo r;
    r.plural = plural;
    r.singular = singular;
    r.kind = kind;
    r.namespaced = namespaced;
    r.short_names = std::move(short_names);
    r.versions = std::move(versions);
    r.subresources = std::move(subresources);
    r.strategy = lasting(strategy);
    r.categories = std::move(categories);
    return out.emplace_back(std::move(r));
  };

  add("bindings", "binding", "Binding", true, {}, {served<core::Binding, core::Binding>("", "v1")}, {},
      plain())
      .answered_as = S::Binding;  // whose pod the body alone names
  add("configmaps", "configmap", "ConfigMap", true, {"cm"},
      {served<core::ConfigMap, core::ConfigMapList>("", "v1")}, {}, config_map_strategy());
  auto& endpoints = add("endpoints", "endpoints", "Endpoints", true, {"ep"},
                        {served<core::Endpoints, core::EndpointsList>("", "v1")}, {}, endpoints_strategy());
  endpoints.storage_path = "services/endpoints";
  // It stays, so it is told in other words than versions that went.
  endpoints.versions[0].warning =
      "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  {
    auto& events = add("events", "event", "Event", true, {"ev"},
                       {served<core::Event, core::EventList>("", "v1"),
                        served<events::v1::Event, events::v1::EventList>("events.k8s.io", "v1"),
                        served<events::v1beta1::Event, events::v1beta1::EventList>("events.k8s.io", "v1beta1",
                                                                                   Old{"1.22", "1.25"})},
                       {}, event_strategy());
    events.versions[1].to_memory = event_to_memory;
    events.versions[1].from_memory = event_from_memory;
    events.versions[2].to_memory = event_v1beta1_to_memory;
    events.versions[2].from_memory = event_v1beta1_from_memory;
    events.versions[1].field_name = event_field_name;
    events.versions[2].field_name = event_field_name;
  }
  add("namespaces", "namespace", "Namespace", false, {"ns"},
      {served<core::Namespace, core::NamespaceList>("", "v1")}, {S::Status, S::Finalize},
      namespace_strategy())
      .deletes_collection = false;
  add("nodes", "node", "Node", false, {"no"}, {served<core::Node, core::NodeList>("", "v1")}, {S::Status},
      node_strategy())
      .storage_path = "minions";
  add("persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", true, {"pvc"},
      {served<core::PersistentVolumeClaim, core::PersistentVolumeClaimList>("", "v1")}, {S::Status},
      persistent_volume_claim_strategy());
  add("persistentvolumes", "persistentvolume", "PersistentVolume", false, {"pv"},
      {served<core::PersistentVolume, core::PersistentVolumeList>("", "v1")}, {S::Status},
      persistent_volume_strategy());
  add("pods", "pod", "Pod", true, {"po"}, {served<core::Pod, core::PodList>("", "v1")},
      {S::Status, S::Binding, S::EphemeralContainers, S::Eviction, S::Log, S::Exec, S::Attach, S::PortForward,
       S::Proxy},
      pod_strategy(), {"all"});
  add("podtemplates", "podtemplate", "PodTemplate", true, {},
      {served<core::PodTemplate, core::PodTemplateList>("", "v1")}, {}, pod_template_strategy());
  add("replicationcontrollers", "replicationcontroller", "ReplicationController", true, {"rc"},
      {served<core::ReplicationController, core::ReplicationControllerList>("", "v1")}, {S::Status, S::Scale},
      replication_controller_strategy(), {"all"})
      .storage_path = "controllers";
  add("secrets", "secret", "Secret", true, {}, {served<core::Secret, core::SecretList>("", "v1")}, {},
      secret_strategy());
  add("serviceaccounts", "serviceaccount", "ServiceAccount", true, {"sa"},
      {served<core::ServiceAccount, core::ServiceAccountList>("", "v1")}, {S::Token},
      service_account_strategy());
  add("services", "service", "Service", true, {"svc"}, {served<core::Service, core::ServiceList>("", "v1")},
      {S::Status, S::Proxy}, service_strategy(), {"all"})
      .storage_path = "services/specs";

  namespace authentication = api::authentication;
  const std::string_view authn = "authentication.k8s.io";
  using Review = authentication::v1::TokenReview;
  using OldReview = authentication::v1beta1::TokenReview;
  add("tokenreviews", "tokenreview", "TokenReview", false, {},
      {served<Review, Review>(authn, "v1"),
       served<OldReview, OldReview>(authn, "v1beta1", Old{"1.19", "1.22", "authentication.k8s.io/v1"})},
      {}, plain())
      .answered_as = S::TokenReview;
  using Self = authentication::v1::SelfSubjectReview;
  add("selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", false, {},
      {served<Self, Self>(authn, "v1")}, {}, plain())
      .answered_as = S::SelfSubjectReview;

  const Old apps1{"1.8", "1.16", "apps/v1"}, apps2{"1.9", "1.16", "apps/v1"},
      extensions{"1.8", "1.16", "apps/v1"};
  add("deployments", "deployment", "Deployment", true, {"deploy"},
      {served<apps::v1::Deployment, apps::v1::DeploymentList>("apps", "v1"),
       served<apps::v1beta2::Deployment, apps::v1beta2::DeploymentList>("apps", "v1beta2", apps2),
       served<apps::v1beta1::Deployment, apps::v1beta1::DeploymentList>("apps", "v1beta1", apps1),
       served<extensions::v1beta1::Deployment, extensions::v1beta1::DeploymentList>("extensions", "v1beta1",
                                                                                    extensions)},
      {S::Status, S::Scale}, deployment_strategy(), {"all"});
  add("replicasets", "replicaset", "ReplicaSet", true, {"rs"},
      {served<apps::v1::ReplicaSet, apps::v1::ReplicaSetList>("apps", "v1"),
       served<apps::v1beta2::ReplicaSet, apps::v1beta2::ReplicaSetList>("apps", "v1beta2", apps2),
       served<extensions::v1beta1::ReplicaSet, extensions::v1beta1::ReplicaSetList>("extensions", "v1beta1",
                                                                                    extensions)},
      {S::Status, S::Scale}, replica_set_strategy(), {"all"});
  add("controllerrevisions", "controllerrevision", "ControllerRevision", true, {},
      {served<apps::v1::ControllerRevision, apps::v1::ControllerRevisionList>("apps", "v1"),
       served<apps::v1beta2::ControllerRevision, apps::v1beta2::ControllerRevisionList>("apps", "v1beta2",
                                                                                        apps2),
       served<apps::v1beta1::ControllerRevision, apps::v1beta1::ControllerRevisionList>("apps", "v1beta1",
                                                                                        apps1)},
      {}, controller_revision_strategy());
  add("leases", "lease", "Lease", true, {},
      {served<coordination::v1::Lease, coordination::v1::LeaseList>("coordination.k8s.io", "v1"),
       served<coordination::v1beta1::Lease, coordination::v1beta1::LeaseList>(
           "coordination.k8s.io", "v1beta1", Old{"1.19", "1.22", "coordination.k8s.io/v1"})},
      {}, lease_strategy());
  {
    auto& slices =
        add("endpointslices", "endpointslice", "EndpointSlice", true, {},
            {served<discovery::v1::EndpointSlice, discovery::v1::EndpointSliceList>("discovery.k8s.io", "v1"),
             served<discovery::v1beta1::EndpointSlice, discovery::v1beta1::EndpointSliceList>(
                 "discovery.k8s.io", "v1beta1", Old{"1.21", "1.25", "discovery.k8s.io/v1"})},
            {}, endpoint_slice_strategy());
    slices.versions[1].to_memory = endpoint_slice_to_memory;
    slices.versions[1].from_memory = endpoint_slice_from_memory;
  }
  add("priorityclasses", "priorityclass", "PriorityClass", false, {"pc"},
      {served<scheduling::v1::PriorityClass, scheduling::v1::PriorityClassList>("scheduling.k8s.io", "v1"),
       served<scheduling::v1beta1::PriorityClass, scheduling::v1beta1::PriorityClassList>(
           "scheduling.k8s.io", "v1beta1", Old{"1.14", "1.22", "scheduling.k8s.io/v1"})},
      {}, priority_class_strategy());
  add("runtimeclasses", "runtimeclass", "RuntimeClass", false, {},
      {served<api::node::v1::RuntimeClass, api::node::v1::RuntimeClassList>("node.k8s.io", "v1")}, {},
      runtime_class_strategy());
  add("poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", true, {"pdb"},
      {served<policy::v1::PodDisruptionBudget, policy::v1::PodDisruptionBudgetList>("policy", "v1")},
      {S::Status}, pod_disruption_budget_strategy());
  const std::string_view dra = "resource.k8s.io";
  add("deviceclasses", "deviceclass", "DeviceClass", false, {},
      {served<resource::v1::DeviceClass, resource::v1::DeviceClassList>(dra, "v1")}, {},
      device_class_strategy());
  add("resourceclaims", "resourceclaim", "ResourceClaim", true, {},
      {served<resource::v1::ResourceClaim, resource::v1::ResourceClaimList>(dra, "v1")}, {S::Status},
      resource_claim_strategy());
  add("resourceclaimtemplates", "resourceclaimtemplate", "ResourceClaimTemplate", true, {},
      {served<resource::v1::ResourceClaimTemplate, resource::v1::ResourceClaimTemplateList>(dra, "v1")}, {},
      resource_claim_template_strategy());
  add("resourceslices", "resourceslice", "ResourceSlice", false, {},
      {served<resource::v1::ResourceSlice, resource::v1::ResourceSliceList>(dra, "v1")}, {},
      resource_slice_strategy());
  const std::string_view storage = "storage.k8s.io";
  add("csidrivers", "csidriver", "CSIDriver", false, {},
      {served<api::storage::v1::CSIDriver, api::storage::v1::CSIDriverList>(storage, "v1")}, {},
      csi_driver_strategy());
  add("csinodes", "csinode", "CSINode", false, {},
      {served<api::storage::v1::CSINode, api::storage::v1::CSINodeList>(storage, "v1")}, {},
      csi_node_strategy());
  add("csistoragecapacities", "csistoragecapacity", "CSIStorageCapacity", true, {},
      {served<api::storage::v1::CSIStorageCapacity, api::storage::v1::CSIStorageCapacityList>(storage, "v1")},
      {}, csi_storage_capacity_strategy());
  add("storageclasses", "storageclass", "StorageClass", false, {"sc"},
      {served<api::storage::v1::StorageClass, api::storage::v1::StorageClassList>(storage, "v1")}, {},
      storage_class_strategy());
  add("volumeattachments", "volumeattachment", "VolumeAttachment", false, {},
      {served<api::storage::v1::VolumeAttachment, api::storage::v1::VolumeAttachmentList>(storage, "v1")},
      {S::Status}, volume_attachment_strategy());
  return out;
}

const RegistryPtr& builtin() {
  static const RegistryPtr registry = [] {
    auto made = Registry::make(builtin_resources());
    MZ_CHECK(made.ok(), "{}", made.error().message());
    return *made;
  }();
  return registry;
}

}  // namespace mizzen::api
