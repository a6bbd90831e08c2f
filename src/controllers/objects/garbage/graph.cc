#include "controllers/objects/garbage/graph.h"

#include <algorithm>

namespace mizzen::controllers::garbage {

bool Node::same_ties(const Node& other) const {
  return deleting == other.deleting && waits_for_dependents == other.waits_for_dependents &&
         orphans_dependents == other.orphans_dependents &&
         std::equal(owners.begin(), owners.end(), other.owners.begin(), other.owners.end(),
                    [](const auto& a, const auto& b) { return codec::equal(a, b); });
}

std::set<std::string> Graph::put(Node node) {
  const auto it = nodes_.find(node.uid);
  // Most changes are of a status or a heartbeat, and concern nobody here.
  if (it != nodes_.end() && it->second.same_ties(node)) return {};
  std::set<std::string> touched{node.uid};
  const bool deletion_started = node.deleting && (it == nodes_.end() || !it->second.deleting);
  if (it != nodes_.end())
    for (const auto& owner : it->second.owners) {
      const auto set = dependents_.find(owner.uid);
      if (set != dependents_.end() && set->second.erase(node.uid) && set->second.empty())
        dependents_.erase(set);
      touched.insert(owner.uid);
    }
  for (const auto& owner : node.owners) {
    dependents_[owner.uid].insert(node.uid);
    touched.insert(owner.uid);
  }
  if (const auto d = dependents_.find(node.uid); deletion_started && d != dependents_.end())
    touched.insert(d->second.begin(), d->second.end());
  std::string uid = node.uid;
  nodes_[std::move(uid)] = std::move(node);
  return touched;
}

std::set<std::string> Graph::remove(const std::string& uid) {
  std::set<std::string> touched;
  const auto it = nodes_.find(uid);
  if (it != nodes_.end()) {
    for (const auto& owner : it->second.owners) {
      auto& set = dependents_[owner.uid];
      set.erase(uid);
      if (set.empty()) dependents_.erase(owner.uid);
      touched.insert(owner.uid);
    }
    nodes_.erase(it);
  }
  const auto d = dependents_.find(uid);
  if (d != dependents_.end()) touched.insert(d->second.begin(), d->second.end());
  return touched;
}

std::set<std::string> Graph::remove_all(const api::ResourceInfo& resource) { return retain(resource, {}); }

std::set<std::string> Graph::retain(const api::ResourceInfo& resource, const std::set<std::string>& there) {
  std::vector<std::string> uids;
  for (const auto& [uid, node] : nodes_)
    if (node.resource.get() == &resource && !there.contains(uid)) uids.push_back(uid);
  std::set<std::string> touched;
  for (const std::string& uid : uids) touched.merge(remove(uid));
  return touched;
}

std::set<std::string> Graph::owned_by(const api::ResourceInfo& resource) const {
  std::set<std::string> out;
  for (const api::ServedVersion& v : resource.versions) {
    const std::string api_version = v.api_version();
    for (const auto& [uid, node] : nodes_)
      for (const auto& owner : node.owners)
        if (owner.kind == resource.kind && owner.apiVersion == api_version) out.insert(uid);
  }
  return out;
}

const Node* Graph::find(const std::string& uid) const {
  const auto it = nodes_.find(uid);
  return it == nodes_.end() ? nullptr : &it->second;
}

std::vector<const Node*> Graph::dependents(const std::string& uid) const {
  std::vector<const Node*> out;
  const auto it = dependents_.find(uid);
  if (it == dependents_.end()) return out;
  for (const std::string& d : it->second)
    if (const Node* node = find(d)) out.push_back(node);
  return out;
}

}  // namespace mizzen::controllers::garbage
