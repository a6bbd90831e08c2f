#pragma once
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/registry/registry.h"
#include "machinery/object/object.h"

/// Who owns whom, as far as it has been seen; pure data.
namespace mizzen::controllers::garbage {

/// One object in the graph.
struct Node {
  api::ResourcePtr resource;
  std::string namespace_, name, uid;
  std::vector<meta::v1::OwnerReference> owners;
  bool deleting = false;              ///< has a deletion timestamp
  bool waits_for_dependents = false;  ///< finalizer foregroundDeletion, and deleting
  bool orphans_dependents = false;    ///< finalizer orphan, and deleting

  /// Nothing that the collector decides from differs.
  bool same_ties(const Node& other) const;
};

/// Role: the graph itself. Threading: externally synchronised. Bounds: one node for each
/// object that was put.
class Graph {
 public:
  /// The uids whose situation changed by this: itself, its dependents, its owners; none where nothing did.
  std::set<std::string> put(Node node);
  std::set<std::string> remove(const std::string& uid);
  /// All objects of a resource that is served no more.
  std::set<std::string> remove_all(const api::ResourceInfo& resource);
  /// A list says that of a resource's objects there are these: the others have gone.
  std::set<std::string> retain(const api::ResourceInfo& resource, const std::set<std::string>& uids);
  const Node* find(const std::string& uid) const;
  std::vector<const Node*> dependents(const std::string& uid) const;
  /// Those that name an owner of this resource, whether it was seen or not.
  std::set<std::string> owned_by(const api::ResourceInfo& resource) const;

 private:
  std::unordered_map<std::string, Node> nodes_;
  std::unordered_map<std::string, std::set<std::string>>
      dependents_;  ///< owner uid -> uids, also of owners not seen
};

}  // namespace mizzen::controllers::garbage
