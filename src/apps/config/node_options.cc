#include "apps/config/node_options.h"

#include "base/strings.h"
#include "linux/files/system_info.h"
#include "linux/net/net_links.h"

namespace mizzen::apps {

std::string NodeOptions::name() const {
  return node_name.empty() ? to_lower(linux::system_info().hostname) : node_name;
}

std::string NodeOptions::address() const {
  if (!node_ip.empty()) return node_ip;
  auto net = linux::NetLinks::open();
  if (!net.ok()) return "127.0.0.1";
  auto found = net->default_address();
  return found.ok() ? *found : "127.0.0.1";
}

}  // namespace mizzen::apps
