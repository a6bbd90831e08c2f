#include "hollow/fleet.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"

namespace mizzen::hollow {
namespace {

/// The node that a key's first part names.
uint32_t number_in(std::string_view key) {
  const auto number = parse_int<uint32_t>(key.substr(0, key.find('/')));
  MZ_CHECK(number, "{} names no node", key);
  return *number;
}

NodeShape shape_of(const FleetOptions& options, uint32_t number) {
  NodeShape out = options.shape;
  out.name = fmt::format("{}{}", options.name, number);
  out.address = format_ipv4(options.node_network.base + number + 1);
  return out;
}

}  // namespace

std::string FleetOptions::fault() const {
  if (count == 0) return "there are no nodes in it";
  if (shape.pods_max < 1 || shape.pods_max > 100'000) return "a node has between 1 and 100000 pods";
  if (stage_min < Duration() || stage_max < stage_min) return "stages of pods do not end before they begin";
  if (starting_max == 0 || calls_max == 0) return "it may do nothing at all";
  const uint64_t end = uint64_t{first} + count;
  // The network's own address and that of all its members are nobody's.
  if (end + 2 > node_network.size())
    return fmt::format("{} has no addresses for nodes up to number {}", node_network.text(), end - 1);
  if (end > PodAddresses::blocks_in(pod_network, PodAddresses::block_for(shape.pods_max)))
    return fmt::format("{} has no addresses for {} pods on each node up to number {}", pod_network.text(),
                       shape.pods_max, end - 1);
  return "";
}

Fleet::Fleet(Deps deps, FleetOptions options)
    : options_(std::move(options)),
      beats_({.name = "hollow-nodes", .workers_max = options_.calls_max}, deps.runtime,
             [this](const std::string& key) { return nodes_[number_in(key) - options_.first]->beat(); }),
      looks_({.name = "hollow-pods", .workers_max = options_.calls_max}, deps.runtime,
             [this](const std::string& key) {
               return nodes_[number_in(key) - options_.first]->look_after(key.substr(key.find('/') + 1));
             }) {
  MZ_CHECK(options_.fault().empty(), "{}", options_.fault());
  const uint32_t block = PodAddresses::block_for(options_.shape.pods_max);
  nodes_.reserve(options_.count);
  for (uint32_t n = options_.first; n < options_.first + options_.count; ++n) {
    NodeShape shape = shape_of(options_, n);
    NodePods::Options pods{shape.address, options_.stage_min, options_.stage_max};
    nodes_.push_back(std::make_unique<Node>(Node::Deps{deps.api, deps.runtime, *this}, n, std::move(shape),
                                            std::move(pods), PodAddresses(options_.pod_network, n, block)));
  }
}

void Fleet::start() {
  started_ = true;
  beats_.start();
  looks_.start();
  for (uint32_t i = 0; i < options_.starting_max; ++i) begin_next();
}

void Fleet::begin_next() {
  const uint32_t i = begun_++;
  if (i < options_.count) beat_now(options_.first + i);
}

void Fleet::stop() {
  if (!std::exchange(started_, false)) return;
  beats_.stop();
  looks_.stop();
  for (const auto& node : nodes_) node->stop();
}

size_t Fleet::pods() const {
  size_t out = 0;
  for (const auto& node : nodes_) out += node->pods();
  return out;
}

void Fleet::beat_now(uint32_t node) { beats_.add(std::to_string(node)); }

void Fleet::look(uint32_t node, const std::string& pod) { looks_.add(fmt::format("{}/{}", node, pod)); }

void Fleet::settled(uint32_t) {
  ++settled_;
  begin_next();
}

}  // namespace mizzen::hollow
