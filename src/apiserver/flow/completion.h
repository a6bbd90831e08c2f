#pragma once
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace mizzen::apiserver {

/// Role: tells the end of a request, exactly once: one that is dropped with its work undone, as happens when
/// the server stops, tells that. Threading: one thread at a time.
template <typename T>
class Completion {
 public:
  explicit Completion(std::function<void(Result<T>)> done) : done_(std::move(done)) {}
  ~Completion() {
    if (done_) (*this)(Error(Code::ServiceUnavailable, "the server is stopping"));
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void operator()(Result<T> result) {
    const auto done = std::exchange(done_, nullptr);
    MZ_CHECK(done, "a request ends once");
    done(std::move(result));
  }

 private:
  std::function<void(Result<T>)> done_;
};

}  // namespace mizzen::apiserver
