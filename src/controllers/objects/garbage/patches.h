#pragma once
#include <string>
#include <vector>

#include "machinery/schema/meta/v1/object_meta.h"

/// Bodies of the patches that change who owns an object; pure. Strategic merge patches name the owners that
/// change. Kinds that the server has not built in do not take those: for them a JSON merge patch writes the
/// whole list, of the version that it was made from.
namespace mizzen::controllers::garbage {

/// The object `uid` without these owners, by uid.
std::string drop_owners_strategic(const std::string& uid, const std::vector<std::string>& owners);
std::string drop_owners_merge(const meta::v1::ObjectMeta& live, const std::vector<std::string>& owners);

/// Its owners no longer wait for it. Empty where none does.
std::string unblock_strategic(const meta::v1::ObjectMeta& live);
std::string unblock_merge(const meta::v1::ObjectMeta& live);

}  // namespace mizzen::controllers::garbage
