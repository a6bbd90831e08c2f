#include "apps/config/options.h"

namespace mizzen::apps {

std::string ApiOptions::reachable_address() const {
  if (!advertise_address.empty()) return advertise_address;
  if (bind_address.starts_with("127.") || bind_address == "::1") return "";
  const std::string address = listens_everywhere() ? NodeOptions().address() : bind_address;
  return address.starts_with("127.") ? "" : address;
}

controllers::ControllerOptions ControllerFlags::options() const {
  controllers::ControllerOptions out;
  out.controllers = controllers;
  out.node_monitor_grace_period = node_monitor_grace_period;
  out.terminated_pod_gc_threshold = terminated_pod_gc_threshold;
  return out;
}

}  // namespace mizzen::apps
