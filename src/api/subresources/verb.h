#pragma once
#include <cstdint>
#include <string_view>

namespace mizzen::api {

/// What a request does with a resource, in the words of roles and discovery. None: a method that means
/// nothing to the API.
enum class Verb : uint8_t { None, Get, List, Watch, Create, Update, Patch, Delete, DeleteCollection };

/// "deletecollection"; empty for None.
std::string_view verb_name(Verb verb);

/// True for what changes something.
constexpr bool is_write(Verb verb) { return verb >= Verb::Create; }

}  // namespace mizzen::api
