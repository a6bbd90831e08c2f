#pragma once
#include <string>
#include <string_view>

#include "codec/json/tree.h"

/// What tests of v1beta1 have in common.
namespace mizzen::api::v1beta1 {

codec::Value value(std::string_view text);
/// It becomes v1 and comes back, and nothing that it said is missing. Gives v1's object.
codec::Value round_trip(std::string_view text, bool bound = false);
/// Why it cannot become v1; empty where it can.
std::string error_of(std::string_view text, std::string_view kind = {});

}  // namespace mizzen::api::v1beta1
