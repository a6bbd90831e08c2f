#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "async/mutex.h"
#include "http/client/dial.h"
#include "http/exchange/duplex_impl.h"

namespace mizzen::http {

class ClientConn;

/// The connections to one target. Guarded by ClientPool::m.
struct TargetPool {
  std::vector<std::shared_ptr<ClientConn>> connections;
  size_t dialing = 0;
  bool speaks_h2 = false;  ///< seen once
  bool seen = false;
};

/// Key material, and which of them it is. Null for plain targets.
struct ClientTls {
  std::shared_ptr<const TlsContext> context;
  uint64_t generation = 0;
};

/// What one Client, its connections and its calls share.
struct ClientPool {
  ClientPool(Loops& l, Client::Options o) : loops(l), options(std::move(o)) {}

  /// Made when first needed: the system's CA bundle costs a megabyte.
  Result<ClientTls> tls_for(const Target& target);
  /// Of a connection that is made for `context`.
  CallContext dial_context(const CallContext& context) const;
  /// The caller's headers and those that every request has.
  Headers full_headers(const ClientRequest& request) const;
  DuplexPtr to_duplex(Loop& loop, Socket socket, std::string early_input);
  /// There may be room for those who wait.
  void wake() MZ_REQUIRES(m);

  Loops& loops;
  const Client::Options options;
  Mutex m;
  CondVar changed;  ///< for who waits for the end
  bool stopped MZ_GUARDED_BY(m) = false;
  const std::shared_ptr<NamesAsked> names = std::make_shared<NamesAsked>();
  StopSource stopping;  ///< ends what is being dialled
  size_t connections MZ_GUARDED_BY(m) = 0;
  size_t begun MZ_GUARDED_BY(m) = 0;  ///< calls that nobody was told of yet
  std::unordered_map<std::string, TargetPool> targets MZ_GUARDED_BY(m);
  /// Look again for a connection, each on its loop.
  std::vector<std::pair<Loop*, std::function<void()>>> waiters MZ_GUARDED_BY(m);
  std::vector<std::weak_ptr<DuplexImpl>> duplexes MZ_GUARDED_BY(m);
  std::shared_ptr<const TlsContext> tls MZ_GUARDED_BY(m);  ///< null until needed
  uint64_t tls_generation MZ_GUARDED_BY(m) = 0;
};

/// Held by what was begun until it was told; the client's end waits for that.
class Begun {
 public:
  explicit Begun(std::shared_ptr<ClientPool> pool) : pool_(std::move(pool)) {
    Lock lock(pool_->m);
    ++pool_->begun;
  }
  ~Begun() {
    Lock lock(pool_->m);
    --pool_->begun;
    pool_->changed.notify_all();
  }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

 private:
  const std::shared_ptr<ClientPool> pool_;
};

}  // namespace mizzen::http
