#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/secret.h"
#include "async/mutex.h"
#include "client/informer/informer.h"
#include "kubelet/config/object_references.h"

namespace mizzen::kubelet {

/// Role: the config maps and secrets that this node's pods name, each watched while a pod names it, as
/// upstream's watch-based managers do. Nobody waits for the API where a volume is refreshed or a container
/// started. Place: told by the pods' workers which pods there are; `on_change` tells whose object changed.
/// Truth: a cache of the API. Threading: thread-safe; calls do not block, but forget() waits for a running
/// on_change. Failure: an object that was not read yet is ServerTimeout with upstream's text; one that is not
/// there NotFound. While the API is away the last seen stays.
class ObjectWatches {
 public:
  struct Deps {
    client::ApiClient& api;
    mizzen::Runtime runtime;
    std::function<void(const std::string& pod_uid)> on_change;
  };
  explicit ObjectWatches(Deps deps);
  ~ObjectWatches() { stop(); }

  void watch(const Pod& pod);
  void forget(const std::string& pod_uid);
  /// Everything that the pod names was read at least once.
  bool ready(const std::string& pod_uid) const;
  /// How many objects are watched.
  size_t size() const;
  void stop();

  Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string& namespace_,
                                                                     const std::string& name);
  Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string& namespace_,
                                                              const std::string& name);

 private:
  struct Key {
    std::string namespace_;
    ObjectReference reference;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Watched {
    std::shared_ptr<client::Informer> informer;
    std::set<std::string> pods;  ///< uids
  };
  std::shared_ptr<client::Informer> open(const Key& key);
  void changed(const Key& key);
  std::shared_ptr<client::Informer> find(const Key& key) const;
  template <typename T>
  Result<std::shared_ptr<const T>> get(const Key& key, const char* kind);

  const Deps deps_;
  const api::ResourcePtr config_maps_, secrets_;
  mutable Mutex m_;
  std::map<Key, Watched> watched_ MZ_GUARDED_BY(m_);
  std::map<std::string, std::set<Key>> of_pod_ MZ_GUARDED_BY(m_);  ///< by uid
  bool stopped_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
