#pragma once
#include <memory>
#include <optional>

#include "async/mutex.h"
#include "cri/runtime.h"

namespace mizzen::cri {

/// The answer of one call, waited for: `cri::wait<&Runtime::list_images>(runtime, {}, deadline)`. For who has
/// a thread of its own (start, `down`, a session's worker, tests); never on an event loop or where pods'
/// turns run.
template <auto kCall, typename Request, typename Response>
Result<Response> wait_for(Runtime& runtime, void (Runtime::*)(const Request&, const Call&, Done<Response>),
                          const Request& request, Deadline deadline) {
  struct Shared {
    Mutex m;
    CondVar told;
    std::optional<Result<Response>> result MZ_GUARDED_BY(m);
  };
  auto shared = std::make_shared<Shared>();
  (runtime.*kCall)(request, {.deadline = deadline}, [shared](Result<Response> result) {
    Lock lock(shared->m);
    shared->result = std::move(result);
    shared->told.notify_all();
  });
  Lock lock(shared->m);
  while (!shared->result) shared->told.wait(shared->m);
  return std::move(*shared->result);
}

namespace detail {
template <typename T>
struct CallOf;
template <typename Req, typename Resp>
struct CallOf<void (Runtime::*)(const Req&, const Call&, Done<Resp>)> {
  using Request = Req;
  using Response = Resp;
};
}  // namespace detail

template <auto kCall>
Result<typename detail::CallOf<decltype(kCall)>::Response> wait(
    Runtime& runtime, const typename detail::CallOf<decltype(kCall)>::Request& request, Deadline deadline) {
  return wait_for<kCall>(runtime, kCall, request, deadline);
}

}  // namespace mizzen::cri
