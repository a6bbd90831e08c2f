#include "placement/amounts.h"

#include <algorithm>

namespace mizzen::placement {

Amounts Amounts::of(const codec::Map<codec::Quantity>& list) {
  Amounts out;
  for (const auto& [name, quantity] : list) {
    if (name == "cpu") {
      out.milli_cpu = quantity.milli_value();
    } else if (name == "memory") {
      out.memory = quantity.value();
    } else if (name == "ephemeral-storage") {
      out.ephemeral_storage = quantity.value();
    } else if (name == "pods") {
      out.pods = quantity.value();
    } else if (const int64_t v = quantity.value(); v != 0) {
      out.others[name] = v;
    }
  }
  return out;
}

void Amounts::add(const Amounts& other, int64_t sign) {
  milli_cpu += sign * other.milli_cpu;
  memory += sign * other.memory;
  ephemeral_storage += sign * other.ephemeral_storage;
  pods += sign * other.pods;
  for (const auto& [name, amount] : other.others)
    if ((others[name] += sign * amount) == 0) others.erase(name);
}

void Amounts::raise_to(const Amounts& other) {
  milli_cpu = std::max(milli_cpu, other.milli_cpu);
  memory = std::max(memory, other.memory);
  ephemeral_storage = std::max(ephemeral_storage, other.ephemeral_storage);
  pods = std::max(pods, other.pods);
  for (const auto& [name, amount] : other.others) {
    int64_t& mine = others[name];
    mine = std::max(mine, amount);
  }
}

int64_t Amounts::other(const std::string& name) const {
  const auto it = others.find(name);
  return it == others.end() ? 0 : it->second;
}

}  // namespace mizzen::placement
