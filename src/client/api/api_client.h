#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/registry/registry.h"
#include "async/stop.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/api/seen.h"
#include "machinery/object/object.h"
#include "machinery/schema/meta/v1/delete_options.h"

namespace mizzen::client {

using api::ResourceInfo;
/// Who has which lease.
struct Term {
  std::string namespace_;
  std::string lease;
  std::string holder;
};

/// How long a call may take, who may end it early, and for whom alone it is made.
struct Call {
  std::optional<Deadline> deadline = {};  ///< none: `timeout` from the call on, by the implementation's clock
  Duration timeout = std::chrono::seconds(30);
  StopToken stop = {};
  /// What is written is only written while this holder has that lease, decided by the store in the write's
  /// own transaction: ServiceUnavailable otherwise. Where the API is across a network nobody sees to it.
  std::optional<Term> term = {};
  /// Not held up by the client's own limit of requests a second: what keeps a lease, which is lost where it
  /// waits behind the lists of those it is kept for.
  bool urgent = false;

  Deadline until(const Clock& clock) const { return deadline ? *deadline : Deadline::after(timeout, clock); }
};

/// What to list or watch.
struct ListOptions {
  std::string namespace_;  ///< empty: all
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;        ///< empty: newest; "0": whatever the cache has
  std::string resource_version_match;  ///< Exact, NotOlderThan or empty
  int64_t limit = 0;                   ///< 0: all
  std::string continue_token;   ///< as the page before said; in-process pages each show what is there then
  bool allow_bookmarks = true;  ///< watch
  bool send_initial_events = false;  ///< watch: a list in the stream, ended by a bookmark
};

/// A page of objects and the revision it stands for.
struct ObjectList {
  std::vector<Object> items;
  std::string resource_version;
  std::string continue_token;
};

/// One change; the object in whatever form it came. Bookmark: `object` has only metadata.resourceVersion
/// (and, at the end of initial events, the annotation k8s.io/initial-events-end).
struct WatchEvent {
  enum class Type : uint8_t { Added, Modified, Deleted, Bookmark };
  Type type;
  Seen object;
};

/// Told by a watch. Called by one thread at a time, in order; must be short and must not block.
struct WatchSink {
  std::function<void(std::vector<WatchEvent>)> on_events;
  /// The last call. Expired: list again. Other errors: watch again from the last revision seen.
  std::function<void(Error)> on_end;
};

/// Role: an open watch; destroying it ends it and waits for a running sink call (unless called from the
/// sink).
class Watch {
 public:
  virtual ~Watch() = default;
};

/// What a write asks for beside the object.
struct WriteOptions {
  std::string subresource;  ///< "status", "binding", "eviction" ...
  bool dry_run = false;
  std::string field_manager;
};

enum class PatchType : uint8_t { Json, Merge, Strategic, Apply };

/// Role: the Kubernetes API as components see it: typed by ResourceInfo, objects shared and immutable.
/// Objects are of the resource's in-memory message; metadata.resourceVersion is set. The identity is the
/// implementation's. Place: implemented by the API server's loopback, which passes objects on without
/// encoding them, through the same admission and validation as a request. Controllers, scheduler and kubelet
/// know nothing else of the cluster. Threading: thread-safe; calls block up to the call's deadline and must
/// not be made from an event loop or a WatchSink. Failure: the API's errors with their codes (NotFound,
/// Conflict, AlreadyExists, Invalid ...); ServiceUnavailable where the server cannot be reached; Cancelled on
/// stop.
class ApiClient {
 public:
  virtual ~ApiClient() = default;
  /// What it serves now. Resources come and go; a call about one that has gone answers NotFound.
  virtual api::RegistryPtr registry() const = 0;
  /// The same as it is at this moment: a server elsewhere is asked, since what registry() says of it is some
  /// seconds old. For who must not miss any. What is new in it has no informers yet.
  virtual Result<api::RegistryPtr> registry_now(const Call&) { return registry(); }
  virtual Result<Object> get(const ResourceInfo& resource, const std::string& namespace_,
                             const std::string& name, const Call& call) = 0;
  virtual Result<ObjectList> list(const ResourceInfo& resource, const ListOptions& options,
                                  const Call& call) = 0;
  virtual std::unique_ptr<Watch> watch(const ResourceInfo& resource, const ListOptions& options,
                                       WatchSink sink) = 0;
  /// `object` names its namespace and name (for subresources: of the parent). Its message is the resource's,
  /// or the subresource's (Binding, Eviction, Scale).
  virtual Result<Object> create(const ResourceInfo& resource, const Object& object,
                                const WriteOptions& options, const Call& call) = 0;
  virtual Result<Object> update(const ResourceInfo& resource, const Object& object,
                                const WriteOptions& options, const Call& call) = 0;
  virtual Result<Object> patch(const ResourceInfo& resource, const std::string& namespace_,
                               const std::string& name, PatchType type, const std::string& body,
                               const WriteOptions& options, const Call& call) = 0;
  /// The object as it was, or as it is now while it terminates.
  virtual Result<Object> remove(const ResourceInfo& resource, const std::string& namespace_,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const Call& call) = 0;
};

/// The resource whose in-memory type is T; NotFound where it is not served.
template <typename T>
Result<api::ResourcePtr> find_resource(const ApiClient& api) {
  const api::RegistryPtr registry = api.registry();
  if (const ResourceInfo* found = registry->find<T>()) return found->share();
  return Error(Code::NotFound, "the server could not find the requested resource");
}
/// The same for what a component cannot work without. Requires that it is served.
template <typename T>
api::ResourcePtr require_resource(const ApiClient& api) {
  auto found = find_resource<T>(api);
  MZ_CHECK(found.ok(), "{} is not served", T::descriptor().name);
  return std::move(*found);
}

/// Typed shorthand over an ApiClient: `auto pod = client::get<Pod>(api, ns, name, call)`.
template <typename T>
Result<std::shared_ptr<const T>> get(ApiClient& api, const std::string& ns, const std::string& name,
                                     const Call& call) {
  MZ_ASSIGN(const api::ResourcePtr resource, find_resource<T>(api));
  MZ_ASSIGN(const Object object, api.get(*resource, ns, name, call));
  return object.share<T>();
}
template <typename T>
Result<std::shared_ptr<const T>> create(ApiClient& api, T object, const Call& call,
                                        const WriteOptions& options = {}) {
  MZ_ASSIGN(const api::ResourcePtr resource, find_resource<T>(api));
  MZ_ASSIGN(const Object made, api.create(*resource, Object::of(std::move(object)), options, call));
  return made.share<T>();
}
template <typename T>
Result<std::shared_ptr<const T>> update(ApiClient& api, T object, const Call& call,
                                        const WriteOptions& options = {}) {
  MZ_ASSIGN(const api::ResourcePtr resource, find_resource<T>(api));
  MZ_ASSIGN(const Object made, api.update(*resource, Object::of(std::move(object)), options, call));
  return made.share<T>();
}
template <typename T>
Result<std::shared_ptr<const T>> update_status(ApiClient& api, T object, const Call& call) {
  return update<T>(api, std::move(object), call, WriteOptions{"status", false, ""});
}
template <typename T>
Result<std::shared_ptr<const T>> patch(ApiClient& api, const std::string& ns, const std::string& name,
                                       PatchType type, const std::string& body, const Call& call,
                                       const WriteOptions& options = {}) {
  MZ_ASSIGN(const api::ResourcePtr resource, find_resource<T>(api));
  MZ_ASSIGN(const Object made, api.patch(*resource, ns, name, type, body, options, call));
  return made.share<T>();
}
/// `parent` is of T: what the subresource belongs to. `object` names it.
template <typename T>
Result<Object> create_part(ApiClient& api, const Object& object, const std::string& subresource,
                           const Call& call) {
  MZ_ASSIGN(const api::ResourcePtr parent, find_resource<T>(api));
  return api.create(*parent, object, WriteOptions{subresource, false, ""}, call);
}
template <typename T>
Result<Object> remove(ApiClient& api, const std::string& ns, const std::string& name,
                      const meta::v1::DeleteOptions& options, const Call& call) {
  MZ_ASSIGN(const api::ResourcePtr resource, find_resource<T>(api));
  return api.remove(*resource, ns, name, options, call);
}

}  // namespace mizzen::client
