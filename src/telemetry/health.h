#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace mizzen {

/// Role: the named checks behind /healthz, /livez and /readyz, and the answers in kube-apiserver's words.
/// Place: made by main; components add their checks; the API server and the kubelet's server serve the
/// answers. Threading: thread-safe; checks run on the asking thread and must be quick and not block.
class Health {
 public:
  /// ok, or why not. The reason goes to the log and to the check's own path, not into the summary.
  using Check = std::function<Result<void>()>;
  /// Which summaries a check belongs to.
  struct Where {
    bool healthz = true;
    bool livez = true;
    bool readyz = true;
  };
  /// A status and a text/plain body.
  struct Answer {
    int status = 200;
    std::string body;
  };
  Health();  ///< with the `ping` check

  void add(std::string name, Check check) { add(std::move(name), std::move(check), Where{}); }
  void add(std::string name, Check check, Where where);
  /// From now on the `shutdown` check of readyz fails.
  void shutting_down();

  /// /livez: `endpoint` is "healthz", "livez" or "readyz"; `excluded` are the values of exclude=.
  Answer summary(std::string_view endpoint, bool verbose, const std::vector<std::string>& excluded) const;
  /// /livez/ping: one check alone; 404 where there is none.
  Answer single(std::string_view endpoint, std::string_view check) const;
  /// Names in the order of adding: discovery lists their paths.
  std::vector<std::string> names(std::string_view endpoint) const;

 private:
  struct Named {
    std::string name;
    Check check;
    Where where;
  };
  std::vector<Named> of(std::string_view endpoint) const;

  mutable Mutex m_;
  std::vector<Named> checks_ MZ_GUARDED_BY(m_);
  bool stopping_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen
