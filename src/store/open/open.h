#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// Which store, as flags and the configuration file say it.
struct OpenOptions {
  const Clock& clock;
  /// Empty or `embedded`: on this machine's disk. `memory`: gone with the process. `etcd://host:port`: that
  /// etcd.
  std::string store;
  std::string folder;  ///< embedded: where its data is
  std::string etcd_ca_file;
  std::string etcd_certificate_file;
  std::string etcd_key_file;
};

/// Opens the store. Invalid, with what would be right, where `store` is none of these; else what the store
/// itself says. The deadline is for reaching etcd.
Result<std::unique_ptr<Store>> open_store(const OpenOptions& options, Deadline deadline);

}  // namespace mizzen::store
