#pragma once
#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace mizzen::linux {

/// Role: how many files stand below a folder, the folder among them, and how many bytes of disk they take:
/// what `du` says, in turns of bounded length. Follows no link, enters no other file system, and counts a
/// file of several names once. Threading: externally synchronised. Truth: of a tree that changes meanwhile,
/// about what was there. Failure: what goes while it is looked at is left out. Bounds: kDepthMax folders are
/// open; what lies deeper, and second names beyond kLinksMax, is not looked at: is_whole() says so.
class DiskWalk {
 public:
  static Result<DiskWalk> begin(const std::string& folder);
  /// Looks at up to `entries_max` more; true once it is through.
  bool step(size_t entries_max);
  uint64_t bytes() const { return bytes_; }
  uint64_t files() const { return files_; }
  bool is_whole() const { return whole_; }
  static constexpr size_t kDepthMax = 100;
  static constexpr size_t kLinksMax = 1'000'000;

 private:
  struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  DiskWalk() = default;
  void look_at(int folder, const char* name);
  Result<void> enter(int folder, const char* name);

  std::vector<std::unique_ptr<DIR, Close>> open_;
  std::unordered_set<uint64_t> seen_;  ///< inodes of several names
  uint64_t device_ = 0;
  uint64_t bytes_ = 0;
  uint64_t files_ = 0;
  bool whole_ = true;
};

}  // namespace mizzen::linux
