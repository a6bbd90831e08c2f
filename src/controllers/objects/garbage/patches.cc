#include "controllers/objects/garbage/patches.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/json/json_codec.h"
#include "codec/json/json_text.h"

namespace mizzen::controllers::garbage {
namespace {

using meta::v1::ObjectMeta;
using meta::v1::OwnerReference;

std::string quoted(std::string_view text) {
  std::string out;
  codec::append_json_string(out, text);
  return out;
}

void append(std::string& list, std::string_view element) {
  if (!list.empty()) list += ',';
  list += element;
}

std::string strategic(const std::string& uid, const std::string& owners) {
  return fmt::format(R"({{"metadata":{{"uid":{},"ownerReferences":[{}]}}}})", quoted(uid), owners);
}

/// A list that is empty goes, as upstream has it.
std::string merge(const ObjectMeta& live, const std::vector<OwnerReference>& owners) {
  std::string list;
  for (const OwnerReference& owner : owners) {
    std::string text;
    codec::encode_json(text, owner.descriptor(), &owner);
    append(list, text);
  }
  return fmt::format(R"({{"metadata":{{"resourceVersion":{},"ownerReferences":{}}}}})",
                     quoted(live.resourceVersion), list.empty() ? "null" : "[" + list + "]");
}

}  // namespace

std::string drop_owners_strategic(const std::string& uid, const std::vector<std::string>& owners) {
  std::string list;
  for (const std::string& owner : owners)
    append(list, fmt::format(R"({{"$patch":"delete","uid":{}}})", quoted(owner)));
  return strategic(uid, list);
}

std::string drop_owners_merge(const ObjectMeta& live, const std::vector<std::string>& owners) {
  std::vector<OwnerReference> kept = live.ownerReferences;
  std::erase_if(kept, [&](const OwnerReference& owner) {
    return std::find(owners.begin(), owners.end(), owner.uid) != owners.end();
  });
  return merge(live, kept);
}

std::string unblock_strategic(const ObjectMeta& live) {
  std::string list;
  for (const OwnerReference& owner : live.ownerReferences)
    if (owner.blockOwnerDeletion.value_or(false))
      append(list, fmt::format(R"({{"uid":{},"blockOwnerDeletion":false}})", quoted(owner.uid)));
  return list.empty() ? "" : strategic(live.uid, list);
}

std::string unblock_merge(const ObjectMeta& live) {
  std::vector<OwnerReference> owners = live.ownerReferences;
  for (OwnerReference& owner : owners) owner.blockOwnerDeletion = false;
  return merge(live, owners);
}

}  // namespace mizzen::controllers::garbage
