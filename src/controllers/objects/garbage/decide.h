#pragma once
#include <string>
#include <vector>

#include "controllers/objects/garbage/graph.h"

/// What becomes of an object that has owners; pure.
namespace mizzen::controllers::garbage {

/// What the live API says of one owner.
enum class OwnerState : uint8_t {
  Solid,       ///< it is there
  Dangling,    ///< it is gone, or another object has its name
  Waiting,     ///< it is being deleted and waits for its dependents
  Unserved,    ///< its kind is not served here
  Unreachable  ///< the API did not answer
};

/// One owner reference and the state of its owner.
struct OwnerFinding {
  std::string uid;
  OwnerState state;
};

/// What is known of the object and of those that it owns itself.
struct Situation {
  std::vector<OwnerFinding> owners;
  std::vector<std::string> finalizers;
  bool has_dependents = false;
  bool dependents_wait = false;  ///< one of them waits for dependents of its own: possibly for this object
};

/// What the collector does next.
struct Plan {
  enum class Action : uint8_t { Nothing, TryLater, DropOwners, Delete };
  Action action = Action::Nothing;
  std::vector<std::string> drop;  ///< DropOwners: uids
  std::string propagation;        ///< Delete: "Foreground", "Background", "Orphan"
  bool unblock_owners = false;    ///< Delete: its owners stop waiting for it first
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// An object goes when none of its owners is there any more; references to owners that are gone go when one
/// is left. Nothing is deleted on a guess: an owner of an unknown kind keeps it, an owner that could not be
/// asked for is asked for again.
Plan decide(const Situation& situation);

/// Owners that the graph knows in another namespace than the object's: a reference cannot reach them.
std::vector<meta::v1::OwnerReference> misplaced_owners(const Graph& graph, const Node& node);
/// The message of the Warning event OwnerRefInvalidNamespace about an object in `ns`.
std::string misplaced_owner_message(const meta::v1::OwnerReference& owner, const std::string& ns);

}  // namespace mizzen::controllers::garbage
