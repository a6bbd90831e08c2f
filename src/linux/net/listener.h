#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace mizzen::linux {

/// Who listens on a TCP port, as far as it can be seen.
struct Listener {
  int pid = 0;  ///< 0: another user's, or another namespace's
  std::string program;
};
/// The listener on a port of this machine, IPv4 or IPv6; nothing where there is none.
std::optional<Listener> listener_on(uint16_t port);
/// An error that names the port and who has it, where one cannot listen on it now. Another may take it right
/// afterwards: this is for telling early, not for holding it.
Result<void> check_can_listen(const std::string& address, uint16_t port);

}  // namespace mizzen::linux
