#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/files/descriptor.h"

namespace mizzen::volumes {

/// Role: looks up one path below a volume whose content a pod controls. Links are followed as far as their
/// end lies in the volume, also absolute ones and such that lead out of it and back by its own path (as
/// given, or without links). Invariants: nothing outside the volume is ever opened: what lies outside is
/// names alone; each folder is opened below the one before it and without following a link, so whoever
/// exchanges folders and links meanwhile gets something else of the volume, or an error. Threading: one walk,
/// one thread; blocks as long as the disk does. Bounds: 40 links, 256 folders deep at each moment; beyond
/// them Forbidden.
class VolumeWalk {
 public:
  /// `path` is the volume's folder; links that lead to it are the node's, and followed.
  explicit VolumeWalk(std::string path) : path_(std::move(path)) {}
  /// Opens (O_PATH) what stands at the relative path. What of it is missing is made as folders, of the
  /// volume's mode and, where that hands on the group, of its group; what a link leads to must be there.
  /// Forbidden where the path ends outside the volume. Requires that it is called once.
  Result<linux::Fd> open(const std::string& path);
  /// What failed was to make a folder, or a link stands where one would be made.
  bool failed_to_make() const { return failed_to_make_; }

 private:
  using Names = std::vector<std::string>;
  struct Part {
    std::string name;
    bool of_link;
  };
  Result<void> start();
  Result<void> enter(const Part& part);
  Result<void> make(const std::string& name);
  Result<void> follow(const linux::Fd& link, const std::string& name);
  void go_up();
  void pass_outside(const std::string& name);
  void look_for_the_volume();

  const std::string path_;
  Names given_;                   ///< the volume's path
  Names real_;                    ///< the same without links
  std::vector<linux::Fd> stack_;  ///< the volume and the folders entered below it
  std::optional<Names> outside_;  ///< where the walk is, while that is not in the volume
  std::deque<Part> rest_;
  int links_ = 0;
  bool failed_to_make_ = false;
};

}  // namespace mizzen::volumes
