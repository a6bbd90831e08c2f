#pragma once
#include <optional>
#include <string>
#include <vector>

#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// Role: says which files were touched since they were last looked at (inotify), so that who has many of them
/// asks the disk for these alone. A file is told once: written, cut, moved or taken away; who still cares
/// follows it again, and what is written meanwhile costs its writer nothing. Threading: confined. Bounds: one
/// watch of the kernel's for each file followed. Failure: a hint is no promise (the kernel has no room, a
/// disk is written from another machine): whoever needs to know looks from time to time, too.
class ChangeHints {
 public:
  using Id = int;
  static Result<ChangeHints> open();
  /// From now on, until it is told or dropped; the same id where the same file is followed already. Nothing
  /// where the file is not there, or the kernel has no room.
  std::optional<Id> follow(const std::string& path);
  void drop(Id id);
  /// Everything touched since the last call, some perhaps twice, and some that nobody follows any more;
  /// nothing where the kernel lost count: any may have been. Does not block.
  std::optional<std::vector<Id>> changed();

 private:
  explicit ChangeHints(Fd events) : events_(std::move(events)) {}
  Fd events_;
};

}  // namespace mizzen::linux
