#pragma once
#include <functional>
#include <memory>
#include <string>

#include "apiserver/answers/encode.h"
#include "apiserver/registry/core.h"
#include "apiserver/registry/patching.h"
#include "apiserver/request/old_api.h"
#include "apiserver/request/request_metrics.h"
#include "apiserver/verbs/loop_lane.h"
#include "async/executor.h"
#include "async/stop.h"
#include "auth/authenticate/authenticator.h"
#include "auth/authorize/authorizer.h"
#include "auth/request/request_context.h"
#include "auth/request/request_info.h"
#include "http/exchange/exchange.h"
#include "http/message/url.h"
#include "machinery/schema/meta/v1/status.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

/// One request on its way through the stages: read, identified, allowed, routed.
struct Handling {
  http::ExchangePtr exchange;
  http::Query query;
  auth::RequestInfo info;
  const api::v1beta1::KindNames* old = nullptr;  ///< it came, and is answered, as v1beta1 has this kind
  RequestContextPtr context;                     ///< what goes with the request below HTTP
  View view;
  StorePtr store;
  Monotonic started;
  RequestLabels labels;
  RequestMetrics* metrics = nullptr;  ///< null until the request has found what it is about
  RequestMetrics::Guard running;      ///< counts it while it runs

  /// Counts the answer, once; the first call wins.
  void answered(int code, size_t bytes, Monotonic now);
};
using HandlingPtr = std::shared_ptr<Handling>;

/// Documents that do not change while the resources stay the same.
struct StaticDocuments;

/// What the API server needs of a node to stream logs and sessions; implemented over HTTP to the kubelet.
class NodeGateway {
 public:
  virtual ~NodeGateway() = default;
  /// Answers the exchange: pods/{log,exec,attach,portforward} of a pod that runs on a node. May block.
  virtual void serve(const HandlingPtr& handling, const Object& pod) = 0;
};

/// What the API server needs to pass requests on to pods.
class ProxyGateway {
 public:
  virtual ~ProxyGateway() = default;
  /// Answers the exchange: pods/NAME/proxy and services/NAME/proxy, whatever the method. Does not block.
  virtual void serve(const HandlingPtr& handling) = 0;
};

/// Role: the API over HTTP: from a parsed request to bytes. Reads that cannot block are answered on the loop
/// they came on, writes of small objects are evaluated there too, everything else on the workers. Place: made
/// by ApiServer, is the http::Server's handler. Threading: thread-safe. Failure: every error is a Status in
/// the format asked for. Bounds: bodies of kBodyBytesMax; workers and their queue as the executor says (429
/// beyond).
class HttpApi {
 public:
  static constexpr size_t kBodyBytesMax = 3 * 1024 * 1024;
  struct Deps {
    Core& core;
    const auth::Authenticator& authenticator;
    const auth::Authorizer& authorizer;
    Executor& workers;
    const Health& health;
    Metrics& metrics;
    NodeGateway* nodes = nullptr;     ///< null: logs and sessions answer 503
    ProxyGateway* proxies = nullptr;  ///< null: so does what would go to pods
  };
  /// Follows the core's catalogue, which must have it loaded: documents tell of what is served.
  HttpApi(Deps deps, const std::string& external_address);
  ~HttpApi();
  void handle(http::ExchangePtr exchange);
  /// Ends all watches in order, and each that begins afterwards: the server stops. Thread-safe.
  void end_watches() { stopping_.stop(); }
  /// Waits for requests on their way to a loop, which go on here; after the core has stopped. Blocks.
  void drain() { answers_.wait_idle(); }

 private:
  void route(const HandlingPtr& h);
  void route_resource(const HandlingPtr& h);
  /// Negotiates, labels and checks what a resource's request needs; false where it has answered.
  bool prepare(const HandlingPtr& h);
  void dispatch(const HandlingPtr& h);
  void route_document(const HandlingPtr& h, const std::vector<std::string>& segments);
  void get(const HandlingPtr& h);
  void get_now(const HandlingPtr& h);
  void list(const HandlingPtr& h);
  struct Listing;
  using ListingPtr = std::shared_ptr<Listing>;
  void begin_list(const ListingPtr& l);
  void walk_list(const ListingPtr& l);
  void finish_list(const ListingPtr& l, Page page);
  void fail_expired(const ListingPtr& l);
  void watch(const HandlingPtr& h);
  /// On the loop of the connection.
  void begin_watch(const HandlingPtr& h, WatchStart start, int64_t timeout_seconds, Filter filter,
                   const std::optional<Error>& refused);
  /// Answers with these entries: at once where they are few, else as a stream. On the loop of the connection.
  void respond_list(const HandlingPtr& h, std::vector<EntryPtr> entries, ListMeta meta);
  void write(const HandlingPtr& h);
  /// True where a write may be evaluated on the loop: nothing in it waits, and what it handles is small.
  bool is_quick(const Handling& h, const std::string& body) const;
  /// What came as v1beta1, as v1; false where it has answered.
  bool read_old(const HandlingPtr& h, std::string& body);
  void write_body(const HandlingPtr& h, std::string body);
  void create(const HandlingPtr& h, std::string body);
  void update(const HandlingPtr& h, std::string body);
  void patch(const HandlingPtr& h, std::string body);
  void remove(const HandlingPtr& h, std::string body);
  void remove_collection(const HandlingPtr& h, std::string body);
  Result<machinery::MutableObject> patched(const HandlingPtr& h, const PatchRequest& request,
                                           codec::DecodeReport& report, const Entry& old);
  void respond_updated(const HandlingPtr& h, Result<Updated> made);
  void respond_deleted(const HandlingPtr& h, const Deletion& done, bool accepted);
  /// A subresource with a function of its own.
  void part(const HandlingPtr& h, const std::string& body);
  /// Logs and sessions, at the pod's node.
  void session(const HandlingPtr& h);
  void proxy(const HandlingPtr& h);
  /// Asks admission about a CONNECT; `next` runs where it may be.
  void admit_connect(const HandlingPtr& h, std::function<void()> next);

  /// Runs `f` on a worker; 429 where there is none free.
  void blocking(const HandlingPtr& h, std::function<void()> f);
  /// Runs `f` on the request's loop, later; drain() waits for it.
  void post(const HandlingPtr& h, std::function<void()> f);
  /// Goes on with `f` on the request's loop: what ends a write must not hold up the committing thread.
  void on_loop(const HandlingPtr& h, std::function<void()> f);
  /// Runs `f` on the request's loop once the cache has everything that was acknowledged before now: at once
  /// where the store is local.
  void when_newest(const HandlingPtr& h, std::function<void()> f);
  /// Runs `f` on the request's loop: at once where the cache is fresh, else once it is. No thread waits.
  void when_fresh(const HandlingPtr& h, int64_t revision, std::function<void()> f);

  /// What every answer with a body says.
  static http::Headers answer_headers(const Handling& h, std::string_view content_type);
  void respond(const HandlingPtr& h, int status, http::Body body, std::string_view content_type);
  void respond_entry(const HandlingPtr& h, int status, const Entry& entry);
  void respond_object(const HandlingPtr& h, int status, const codec::TypeMeta& type, const codec::Message& m,
                      const void* object);
  void fail(const HandlingPtr& h, const Error& error);
  void fail(const HandlingPtr& h, const meta::v1::Status& status);

  Deps deps_;
  Published<StaticDocuments> documents_;
  RequestMetrics request_metrics_;
  StopSource stopping_;
  LoopLanes lanes_;
  InFlight answers_;
  api::RegistryPtr documented_;  ///< whose documents these are; the catalogue's thread's
  api::ResourceCatalog::Following following_;
};

}  // namespace mizzen::apiserver
