// What comes in over the plug-in's socket: any text gives a call or none, and any configuration gives ports
// or an error document; nothing that is not a number and an address gets into the commands for nftables.
#include <cstdint>
#include <cstdlib>

#include "codec/json/tree.h"
#include "network/bridge/state/bridge_state.h"
#include "network/cni/cni_config.h"
#include "network/plan/host_ports.h"
#include "network/protocol/cni_call.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::network;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto call = decode_call(text);
  if (call && !decode_call(encode_call(*call))) std::abort();
  const auto config = parse_cni_config(call ? std::string_view(call->config) : text);
  if (!config.problem.output.empty()) {
    const auto told = mizzen::codec::Value::parse(config.problem.output);
    if (!told.ok() || !told->find("code") || config.problem.exit_code != 1) std::abort();
    return 0;
  }
  if (!check_host_ports(config.ports).ok()) return 0;
  PodAttachment pod{.key = {"c", "eth0"}, .ports = config.ports};
  pod.addresses = {{"10.0.0.2", 24, "10.0.0.1"}};
  for (const auto& [name, map] : desired_table({.pods = {{pod.key, pod}}}).maps)
    for (const auto& [key, to] : map.elements)
      if ((key + to).find_first_not_of("0123456789. ") != std::string::npos) std::abort();
  return 0;
}
