#pragma once
#include <map>
#include <memory>
#include <set>

#include "api/registry/catalog.h"
#include "api/schema/core/v1/service_account.h"
#include "async/runtime.h"
#include "client/events/event_recorder.h"
#include "client/informer/informer.h"
#include "client/queue/work_queue.h"

namespace mizzen::controllers {

/// Role: what all controllers share: the API, executors, clocks, and one informer per resource, as resources
/// come and go. Place: made by the component that runs controllers; outlives them. Threading: informer() and
/// each_resource() before start(), then thread-safe. Informers that come later start on the thread that
/// changes the catalogue.
class Environment {
 public:
  struct Deps {
    client::ApiClient& api;
    api::ResourceCatalog& resources;  ///< what the API serves
    Runtime runtime;                  ///< its executor runs handlers of informers and queues
    Metrics* metrics = nullptr;       ///< null: queues are not counted
  };
  explicit Environment(Deps deps) : deps_(deps) {}

  client::ApiClient& api() { return deps_.api; }
  const Runtime& runtime() const { return deps_.runtime; }
  const Clock& clock() const { return deps_.runtime.clock; }
  /// A queue's name and size, with where it counts.
  client::WorkQueue::Options queue(std::string name, size_t workers_max) const {
    client::WorkQueue::Options out;
    out.name = std::move(name);
    out.workers_max = workers_max;
    out.metrics = deps_.metrics;
    return out;
  }

  /// The informer of T, made at the first call.
  template <typename T>
  client::Informer& informer() {
    return informer(*client::require_resource<T>(deps_.api));
  }
  /// Lasts as long as the environment; where its resource goes it stops.
  client::Informer& informer(const api::ResourceInfo& resource);
  /// One of the caller's own, who starts and stops it: for a part of what there is.
  std::unique_ptr<client::Informer> own_informer(const api::ResourceInfo& resource,
                                                 client::ListOptions scope);
  /// For controllers that look at every resource that can be listed and watched.
  struct ResourceHandler {
    /// A resource came, or was there at the start; its informer has not started: handlers can be added. It
    /// keeps objects only where somebody asked for it by informer(): handlers need on_listed.
    std::function<void(const api::ResourceInfo&, client::Informer&)> on_add;
    /// A resource went: its informer has stopped.
    std::function<void(const api::ResourceInfo&)> on_remove;
  };
  void each_resource(ResourceHandler handler) { resource_handlers_.push_back(std::move(handler)); }
  /// The informer of pods, which finds them by kByNode (the name of the node they are bound to).
  client::Informer& pods_by_node();
  static constexpr const char* kByNode = "node";
  /// The informer of pods, which finds them by kByLabel (by_label.h).
  client::Informer& pods_by_label();
  /// The informer of T, which finds objects by kByOwner: the uid of their controller, or orphans_of() their
  /// namespace where they have none. So a sync costs what its owner has, not what its namespace has.
  template <typename T>
  client::Informer& by_owner() {
    return by_owner(*client::require_resource<T>(deps_.api));
  }
  client::Informer& by_owner(const api::ResourceInfo& resource);
  static constexpr const char* kByOwner = "owner";
  static std::string orphans_of(const std::string& ns) { return "orphan/" + ns; }
  /// Starts all informers and waits until each has its first list. From then on follows the catalogue.
  bool start(Deadline deadline);
  void stop();
  std::unique_ptr<client::EventRecorder> recorder(const std::string& component);

 private:
  struct Informed {
    api::ResourcePtr resource;
    std::shared_ptr<client::Informer> informer;
    bool asked_for = false;  ///< by informer(): whoever did keeps a reference
    bool started = false;
  };
  Informed& informed(const api::ResourceInfo& resource, bool asked_for);
  void on_registry(const api::RegistryPtr& now);

  Deps deps_;
  std::vector<ResourceHandler> resource_handlers_;
  // Before start() and after stop() their caller's, in between the catalogue's.
  std::map<std::string, Informed> informers_;               ///< by qualified name
  std::vector<std::shared_ptr<client::Informer>> retired_;  ///< asked for, and their resource is gone
  api::RegistryPtr seen_;
  api::ResourceCatalog::Following following_;
  bool pods_by_node_ = false, pods_by_label_ = false;
  std::set<std::string> owner_indexed_;  ///< qualified names
};

/// What `owner` controls, and what nobody does in namespace `ns`, from an informer of by_owner().
std::vector<client::Seen> owned_or_orphaned(const client::Informer& informer, const std::string& owner_uid,
                                            const std::string& ns);

/// Where the API is reached: from the nodes, and by its service.
struct ApiAddress {
  std::string ip;  ///< empty: not known, and nothing is said of it
  int32_t port = 6443;
  std::string service_ip;  ///< the first address of the service range
};

/// What operators may set; upstream's flags and defaults.
struct ControllerOptions {
  /// Which ones run, as upstream's --controllers: "*" for all that nothing else is said of, "NAME", "-NAME".
  std::vector<std::string> controllers = {"*"};
  Duration node_monitor_grace_period = std::chrono::seconds(50);
  ApiAddress api;
  int32_t terminated_pod_gc_threshold = 12500;  ///< 0: finished pods are never collected
};

/// What the cluster trusts and is trusted by, as far as controllers hand it out.
struct ClusterKeys {
  std::string root_ca_pem;  ///< published in every namespace; empty: it is not
  /// The token of an account that stands in the Secret of this name; none: no Secret gets a token.
  std::function<Result<std::string>(const api::core::v1::ServiceAccount& account, const std::string& secret)>
      sign_token = nullptr;
};

/// Role: one controller: adds its handlers to informers when made, works between start() and stop().
class Controller {
 public:
  virtual ~Controller() = default;
  virtual std::string_view name() const = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
};

/// What is wrong with ControllerOptions::controllers, in upstream's words; empty where nothing is. Pure.
std::string controllers_fault(const std::vector<std::string>& controllers);

/// Every built-in controller that the options ask for, in order of start.
std::vector<std::unique_ptr<Controller>> make_controllers(Environment& env, const ClusterKeys& keys,
                                                          const ControllerOptions& options);

}  // namespace mizzen::controllers
