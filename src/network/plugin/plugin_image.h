#pragma once
#include <string_view>

namespace mizzen::network {

/// The CNI plug-in as a program file: statically linked, part of this program.
std::string_view plugin_image();

}  // namespace mizzen::network
