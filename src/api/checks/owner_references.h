#pragma once
#include <string>
#include <vector>

#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::api {

/// Keeps the first of owner references that are the same. The uids of those that went, one for each, in
/// order. Linear.
std::vector<std::string> drop_duplicate_owners(meta::v1::ObjectMeta& meta);

}  // namespace mizzen::api
