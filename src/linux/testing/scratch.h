#pragma once
#include <string>

namespace mizzen::linux {

/// A folder under /tmp that is emptied, with everything mounted in it, when the object goes: also after a
/// failed test.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A network namespace of its own for a test, removed with everything in it when the object goes.
class ScratchNetwork {
 public:
  explicit ScratchNetwork(std::string path);
  ~ScratchNetwork();
  ScratchNetwork(const ScratchNetwork&) = delete;
  ScratchNetwork& operator=(const ScratchNetwork&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// True where this process may mount and make namespaces; tests that need it skip themselves otherwise.
bool is_root();

}  // namespace mizzen::linux
