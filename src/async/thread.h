#pragma once
#include <functional>
#include <string>
#include <thread>

namespace mizzen {

/// A named thread that is joined when its owner goes. The body must end by itself once its StopToken says so.
/// The name (15 bytes at most) is what `ps -L` shows.
class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void()> body);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }
  void join();

 private:
  std::thread thread_;
};

}  // namespace mizzen
