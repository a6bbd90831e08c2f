#pragma once
#include <map>
#include <set>
#include <string>

#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen::controllers {

/// Role: what a controller has asked for and not seen yet, so that it does not ask twice while its view is
/// behind. Kubernetes contract: client-go's controller expectations: after five minutes they count as met.
/// Threading: thread-safe. Truth: derived; lost at a restart, which is safe: decisions come from the view.
/// Bounds: one entry per key that has outstanding writes.
class Expectations {
 public:
  explicit Expectations(const Clock& clock) : clock_(clock) {}
  void expect_creations(const std::string& key, int n);
  /// Deletions are told apart by uid: the same one may be seen as an update first.
  void expect_deletion(const std::string& key, const std::string& uid);
  void creation_seen(const std::string& key);
  void deletion_seen(const std::string& key, const std::string& uid);
  void forget(const std::string& key);

  /// What was seen, and whether it has all that was asked for, so that one may ask for more.
  template <typename T>
  struct View {
    bool settled;
    T seen;
  };
  /// `look` gives what a sync of `key` decides from. Expectations are asked before it looks, never after:
  /// what is met in between would be missing in what it saw, and be asked for again.
  template <typename Look>
  auto view(const std::string& key, Look&& look) -> View<decltype(look())> {
    const bool settled = met(key);
    return {settled, look()};
  }

 private:
  bool met(const std::string& key);
  struct Entry {
    int creations = 0;
    std::set<std::string> deletions;
    Monotonic since{};
  };
  const Clock& clock_;
  Mutex m_;
  std::map<std::string, Entry> entries_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::controllers
