// The CNI plug-in, under its two names. A program of its own: the big one takes longer to start than a pod's
// network to be made.
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "network/plugin/plugin_call.h"

namespace {

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value ? value : "";
}

std::string read_stdin() {
  std::string out;
  char buffer[4096];
  while (out.size() < mizzen::network::kCniCallBytesMax) {
    const ssize_t n = ::read(0, buffer, sizeof buffer);
    if (n <= 0) break;
    out.append(buffer, static_cast<size_t>(n));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view program = argc > 0 ? argv[0] : "";
  const mizzen::network::CniCall call{.command = environment("CNI_COMMAND"),
                                      .container_id = environment("CNI_CONTAINERID"),
                                      .network_namespace = environment("CNI_NETNS"),
                                      .interface = environment("CNI_IFNAME"),
                                      .arguments = environment("CNI_ARGS"),
                                      .config = read_stdin()};
  const bool loopback = program.substr(program.rfind('/') + 1) == "loopback";
  const auto answer = loopback ? mizzen::network::loopback_call(call) : mizzen::network::plugin_call(call);
  std::string_view left = answer.output;
  while (!left.empty()) {
    const ssize_t n = ::write(1, left.data(), left.size());
    if (n <= 0) return 1;
    left.remove_prefix(static_cast<size_t>(n));
  }
  return answer.exit_code;
}
