// The configuration a CNI runtime hands in: any text gives a configuration or an error document, and nothing
// that is not a number and an address gets into the commands for nftables.
#include <cstdint>
#include <cstdlib>

#include "codec/json/tree.h"
#include "network/cni/cni.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::network;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = parse_cni_config(text);
  if (!config.problem.output.empty()) {
    const auto told = mizzen::codec::Value::parse(config.problem.output);
    if (!told.ok() || !told->find("code") || config.problem.exit_code != 1) std::abort();
    return 0;
  }
  for (const auto& port : config.ports) {
    if (!check_host_port(port).ok()) continue;
    for (const char c : port.protocol + port.host_ip)
      if (c == ';' || c == '{' || c == '}' || c == '\n' || c == ' ') std::abort();
  }
  if (const auto network = PodNetwork::create(config.options); network.ok()) {
    if (node_table_commands(config.options).find('\0') != std::string::npos) std::abort();
  }
  return 0;
}
