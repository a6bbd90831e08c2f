#pragma once
#include <string>

#include "kubelet/state/runtime_state.h"

namespace mizzen::kubelet {

/// What a container that ended left as its message: its file (4 KiB at most), or the end of its log where the
/// policy says so and the file is empty (80 lines, 2 KiB at most). Empty where it left nothing.
std::string termination_message(const ContainerRecord& container, size_t bytes_max);
inline constexpr size_t kTerminationMessageBytesMax = 4096;
inline constexpr size_t kTerminationMessagesOfPodBytesMax = 12 * 1024;

}  // namespace mizzen::kubelet
