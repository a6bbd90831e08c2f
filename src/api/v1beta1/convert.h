#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/tree.h"

namespace mizzen::api::v1beta1 {

/// One kind that v1beta1 and v1 both have.
struct KindNames {
  std::string_view old;       ///< Minion
  std::string_view old_list;  ///< MinionList
  std::string_view resource;  ///< minions: as it stood in URLs
  std::string_view now;       ///< Node
  std::string_view now_list;  ///< NodeList
  std::string_view plural;    ///< nodes
};
/// By its resource in a v1beta1 URL, whatever the case of its letters; null where v1beta1 had none.
const KindNames* find_resource(std::string_view resource);
/// By v1's kind or list kind.
const KindNames* find_kind(std::string_view kind);

/// What came of a document.
struct Converted {
  codec::Value object;               ///< of v1
  std::vector<std::string> unknown;  ///< paths of fields that v1beta1 never had: left out
};

/// A document of v1beta1: apiVersion v1beta1 or v1beta2, or the manifest of a container host (`version`, no
/// kind), or a list of these.
bool is_old(const codec::Value& document);

/// Pure: a document of v1beta1 as v1 says it: Pod, ReplicationController, Service, Endpoints, Minion or Node,
/// Binding, Event, and their lists; ContainerManifest and BoundPod as Pods; ContainerManifestList, BoundPods
/// and a bare list of manifests as PodLists. `kind` is what it is where it does not say so. What has no place
/// in v1 but must come back (ids of manifests that differ from their pod's) stands in annotations. Errors:
/// Invalid with the path of each field that v1 cannot say or whose value is none; BadRequest where the kind
/// is not known. Nothing of it is validated further: whoever takes the object does that.
Result<Converted> to_v1(const codec::Value& document, std::string_view kind = {});

/// Pure: an object or list of v1 as v1beta1 said it. What v1beta1 had no words for is left out. `bound` makes
/// BoundPods of a PodList. BadRequest where v1beta1 did not have the kind.
Result<codec::Value> from_v1(const codec::Value& object, bool bound = false);

/// Pure: `stored` with what `wanted` changes of `shown`, all three of v1, where `shown` is `stored` on its
/// way through v1beta1 and back: an update through v1beta1 takes nothing away that v1beta1 cannot show.
codec::Value updated(const codec::Value& stored, const codec::Value& shown, const codec::Value& wanted);

}  // namespace mizzen::api::v1beta1
