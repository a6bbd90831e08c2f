#pragma once
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define MZ_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MZ_SIM_ASAN 1
#endif
#endif
#ifdef MZ_SIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace mizzen::sim {

/// Role: tells AddressSanitizer which stack is in use when the turn goes from one to another; nothing in
/// other builds. Threading: confined to the scheduler's thread.
class StackSwitch {
 public:
  void set(const void* bottom, size_t size) {
    bottom_ = bottom;
    size_ = size;
  }
#ifdef MZ_SIM_ASAN
  void enters() { __sanitizer_start_switch_fiber(&outer_fake_, bottom_, size_); }  ///< run() calls
  void left() { __sanitizer_finish_switch_fiber(outer_fake_, nullptr, nullptr); }  ///< run() calls
  void entered() { __sanitizer_finish_switch_fiber(own_fake_, &outer_bottom_, &outer_size_); }
  void leaves() { __sanitizer_start_switch_fiber(&own_fake_, outer_bottom_, outer_size_); }
  void leaves_for_good() { __sanitizer_start_switch_fiber(nullptr, outer_bottom_, outer_size_); }

 private:
  void* outer_fake_ = nullptr;
  void* own_fake_ = nullptr;
  const void* outer_bottom_ = nullptr;
  size_t outer_size_ = 0;
#else
  void enters() {}
  void left() {}
  void entered() {}
  void leaves() {}
  void leaves_for_good() {}

 private:
#endif
  const void* bottom_ = nullptr;
  size_t size_ = 0;
};

}  // namespace mizzen::sim
