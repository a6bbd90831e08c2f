#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "async/mutex.h"
#include "kubelet/stats/gauges.h"

namespace mizzen::kubelet::testing {

/// A machine whose gauges the test sets. Threading: thread-safe.
class FakeGauges final : public Gauges {
 public:
  struct Machine {
    linux::MachineUse use;
    int64_t processes_max = 0;
    std::map<std::string, linux::GroupUse> groups;
    std::map<std::string, linux::DiskSpace> disks;  ///< by path
    std::vector<linux::InterfaceUse> interfaces;
  };
  template <typename F>
  void set(F f) {
    machine_.with(f);
  }

  linux::MachineUse machine() override { return now().use; }
  int64_t processes_max() override { return now().processes_max; }
  std::optional<linux::GroupUse> group(const std::string& path) override { return find(now().groups, path); }
  std::vector<linux::InterfaceUse> interfaces() override { return now().interfaces; }
  std::vector<linux::InterfaceUse> interfaces_of(const std::string&) override { return now().interfaces; }
  std::string default_interface() override { return "eth0"; }
  std::optional<linux::DiskSpace> disk(const std::string& path) override { return find(now().disks, path); }

 private:
  Machine now() const {
    return machine_.with([](const auto& m) { return m; });
  }
  template <typename T>
  static std::optional<T> find(const std::map<std::string, T>& all, const std::string& key) {
    const auto found = all.find(key);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  Guarded<Machine> machine_;
};

}  // namespace mizzen::kubelet::testing
