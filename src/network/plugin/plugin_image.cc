#include "network/plugin/plugin_image.h"

// Put into the program by the assembler (CMakeLists.txt makes it from mizzen_cni_main.cc).
extern "C" const char mizzen_cni_plugin_begin[];
extern "C" const char mizzen_cni_plugin_end[];
__asm__(
    ".section .rodata\n"
    ".global mizzen_cni_plugin_begin\n"
    ".global mizzen_cni_plugin_end\n"
    "mizzen_cni_plugin_begin:\n"
    ".incbin \"" MIZZEN_CNI_PLUGIN
    "\"\n"
    "mizzen_cni_plugin_end:\n"
    ".byte 0\n"
    ".previous\n");

namespace mizzen::network {

std::string_view plugin_image() {
  return {mizzen_cni_plugin_begin, static_cast<size_t>(mizzen_cni_plugin_end - mizzen_cni_plugin_begin)};
}

}  // namespace mizzen::network
