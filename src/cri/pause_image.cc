#include <string_view>

#include "cri/containerd.h"

// The archive is put into the program by the assembler (CMakeLists.txt makes it from pause/pause.c).
extern "C" const char mizzen_pause_archive_begin[];
extern "C" const char mizzen_pause_archive_end[];
__asm__(
    ".section .rodata\n"
    ".global mizzen_pause_archive_begin\n"
    ".global mizzen_pause_archive_end\n"
    "mizzen_pause_archive_begin:\n"
    ".incbin \"" MIZZEN_PAUSE_ARCHIVE
    "\"\n"
    "mizzen_pause_archive_end:\n"
    ".byte 0\n"
    ".previous\n");

namespace mizzen::cri {

std::string_view pause_archive() {
  return {mizzen_pause_archive_begin,
          static_cast<size_t>(mizzen_pause_archive_end - mizzen_pause_archive_begin)};
}

}  // namespace mizzen::cri
