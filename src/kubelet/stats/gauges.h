#pragma once
#include <optional>
#include <string>
#include <vector>

#include "linux/files/file.h"
#include "linux/files/machine_use.h"
#include "linux/groups/cgroups.h"

namespace mizzen::kubelet {

/// What is read of a machine to tell how much of it is used. Behind it stands the kernel; tests put numbers.
/// Threading: thread-safe. Reads of files in memory; disk() may wait for a disk. Failure: what cannot be read
/// is zero, empty or absent.
class Gauges {
 public:
  virtual ~Gauges() = default;
  virtual linux::MachineUse machine() = 0;
  /// How many processes and threads there can be.
  virtual int64_t processes_max() = 0;
  virtual std::optional<linux::GroupUse> group(const std::string& path) = 0;
  /// Of the machine.
  virtual std::vector<linux::InterfaceUse> interfaces() = 0;
  /// In the network of the processes of a group.
  virtual std::vector<linux::InterfaceUse> interfaces_of(const std::string& group) = 0;
  virtual std::string default_interface() = 0;
  virtual std::optional<linux::DiskSpace> disk(const std::string& path) = 0;
};

/// The gauges of this machine. `groups` may be null: then nothing is said of any.
class MachineGauges final : public Gauges {
 public:
  explicit MachineGauges(const linux::Cgroups* groups) : groups_(groups) {}
  linux::MachineUse machine() override { return linux::machine_use(); }
  int64_t processes_max() override;
  std::optional<linux::GroupUse> group(const std::string& path) override;
  std::vector<linux::InterfaceUse> interfaces() override { return linux::interface_use(0); }
  std::vector<linux::InterfaceUse> interfaces_of(const std::string& group) override;
  std::string default_interface() override { return linux::default_interface(); }
  std::optional<linux::DiskSpace> disk(const std::string& path) override;

 private:
  const linux::Cgroups* groups_;
};

}  // namespace mizzen::kubelet
