#pragma once
#include <unistd.h>

#include <utility>

#include "async/stop.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace mizzen::linux {

/// Owns one file descriptor; -1 is none. Threading: externally synchronised.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

/// Waits until `fd` is readable (a pidfd: until the process ended). True where it is, false where the
/// deadline passed; Cancelled where `stop` came first.
Result<bool> wait_readable(int fd, Deadline deadline, const StopToken& stop = {});

}  // namespace mizzen::linux
