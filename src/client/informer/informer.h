#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "client/api/api_client.h"

namespace mizzen::client {

/// What an informer tells. Calls come one at a time, in order, on the executor. What is told is decoded when
/// a handler asks, once for all of them: who needs no old state pays for none. After a gap (410, reconnect)
/// differences are told as if they had just happened; intermediate states may be missing. An object that went
/// and came again under its name goes and comes here too, where client-go tells of an update: its uid is
/// another.
struct InformerHandler {
  std::function<void(const Seen& now)> on_add;
  std::function<void(const Seen& old, const Seen& now)> on_update;
  std::function<void(const Seen& last)> on_delete;
  /// Only of an informer that keeps no objects: a list has ended, and these are the uids of all there are;
  /// what went while nobody watched is told by nothing else.
  std::function<void(const std::set<std::string>& uids)> on_listed = nullptr;
};

/// What an informer looks at, and what it keeps.
struct InformerOptions {
  ListOptions scope;  ///< namespace and selectors
  /// False for those who only want to be told: get(), list() and indexes find nothing, every state comes as
  /// an addition, and memory does not grow with what is watched.
  bool keeps_objects = true;
};

/// Role: a local view of one resource, kept current by list and watch; what every controller decides from.
/// Place: made by component composition, shared by controllers that look at the same resource.
/// Kubernetes contract: client-go's shared informer: the view is eventually what the server has; each handler
/// sees every key's changes in order; nothing is promised across keys or across informers. Truth: a cache;
/// may be behind. It keeps objects packed, and decodes what it is asked for: memory grows with their bytes,
/// and over the loopback those are the server's own. Lifecycle: add_handler() before start(); stop() ends the
/// watch and waits for a running handler. Threading: thread-safe. Handlers must not block for long: they add
/// keys to queues. Failure: watches that end go on from the last revision seen; Expired lists again; errors
/// back off from 0.8 s to 30 s with jitter, so that a restarted server is not stormed.
class Informer {
 public:
  using Options = InformerOptions;
  struct Deps {
    ApiClient& api;
    Runtime runtime;
  };
  using Index = std::function<std::vector<std::string>(const Seen&)>;

  Informer(const ResourceInfo& resource, Deps deps, Options options = {});
  ~Informer();
  Informer(const Informer&) = delete;

  void add_handler(InformerHandler handler);
  /// Objects can be found by what `index` gives for them, which is asked once for each state. Before start().
  void add_index(const std::string& name, Index index);
  void start();
  void stop();

  bool synced() const;
  /// Blocks until the first list is in; false where the deadline passed.
  bool wait_synced(Deadline deadline) const;

  /// Empty where there is none. Nothing is decoded before the caller asks for more than names.
  Seen get(std::string_view namespace_, std::string_view name) const;
  template <typename T>
  std::shared_ptr<const T> get_as(std::string_view namespace_, std::string_view name) const {
    return get(namespace_, name).template share<T>();
  }
  /// In order of key, as by_index().
  std::vector<Seen> list(const std::string& namespace_ = "") const;
  std::vector<Seen> by_index(const std::string& index, const std::string& value) const;
  /// How many by_index() gives.
  size_t count(const std::string& index, const std::string& value) const;
  /// All values that `index` has given for objects that are there.
  std::vector<std::string> index_values(const std::string& index) const;
  size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// "namespace/name" or "name": the key of an object in queues, as Seen::key().
std::string key_of(const meta::v1::ObjectMeta& meta);
/// The two halves of a key; the namespace is empty for cluster-wide objects.
std::pair<std::string, std::string> split_key(const std::string& key);

}  // namespace mizzen::client
