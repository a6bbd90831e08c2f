# Flags every target shares. Warnings are errors: both compilers must stay quiet.
add_library(mizzen_flags INTERFACE)
target_compile_options(mizzen_flags INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(mizzen_flags INTERFACE -Wthread-safety
    -Wno-deprecated-declarations) # libstdc++ 12's stable_sort warns of itself in C++20
else()
  # g++ 12 reports these falsely in optimised std::string and std::optional code.
  target_compile_options(mizzen_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
    -Wno-dangling-else) # what EXPECT_ expands to after an if
endif()
target_include_directories(mizzen_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
if(MIZZEN_SANITIZE)
  target_compile_options(mizzen_flags INTERFACE -fsanitize=${MIZZEN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(mizzen_flags INTERFACE -fsanitize=${MIZZEN_SANITIZE})
endif()
find_program(MIZZEN_MOLD mold)
if(MIZZEN_MOLD)
  target_link_options(mizzen_flags INTERFACE -fuse-ld=mold)
endif()
find_program(MIZZEN_CCACHE ccache)
if(MIZZEN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MIZZEN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${MIZZEN_CCACHE})
endif()
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
