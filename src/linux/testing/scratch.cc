#include "linux/testing/scratch.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "linux/net/net_namespace.h"

namespace mizzen::linux {

ScratchFolder::ScratchFolder() {
  char name[] = "/tmp/mizzen-test-XXXXXX";
  path_ = ::mkdtemp(name);
}

ScratchFolder::~ScratchFolder() {
  const auto unmounted = unmount_all_under(path_);
  if (!unmounted.ok()) ADD_FAILURE() << unmounted.error().message();
  const auto removed = remove_all(path_);
  if (!removed.ok()) ADD_FAILURE() << removed.error().message();
}

ScratchNetwork::ScratchNetwork(std::string path) : path_(std::move(path)) {
  const auto made = create_network_namespace(path_);
  if (!made.ok()) ADD_FAILURE() << made.error().message();
}

ScratchNetwork::~ScratchNetwork() {
  const auto gone = delete_network_namespace(path_);
  if (!gone.ok()) ADD_FAILURE() << gone.error().message();
}

bool is_root() { return ::geteuid() == 0; }

}  // namespace mizzen::linux
