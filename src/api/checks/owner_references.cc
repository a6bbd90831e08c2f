#include "api/checks/owner_references.h"

#include <unordered_set>

#include "codec/proto/proto_codec.h"

namespace mizzen::api {

std::vector<std::string> drop_duplicate_owners(meta::v1::ObjectMeta& meta) {
  std::vector<std::string> gone;
  if (meta.ownerReferences.size() < 2) return gone;
  std::unordered_set<std::string> seen;
  std::erase_if(meta.ownerReferences, [&](const auto& ref) {
    if (seen.insert(codec::to_proto(ref)).second) return false;
    gone.push_back(ref.uid);
    return true;
  });
  return gone;
}

}  // namespace mizzen::api
