#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/registry/catalog.h"
#include "rest/config/identity_watch.h"
#include "rest/discovery/discover.h"
#include "rest/rest_client.h"

namespace mizzen::apps {

/// Role: an API server elsewhere, as components of this process ask it: connections, what it serves, the
/// client. A certificate that is renewed in its file is shown from then on. Lifecycle: open() waits for the
/// server until the deadline; stop() ends what is under way; idempotent, also in the destructor. What uses
/// the client goes before it. Threading: open and stop from one thread.
class RemoteApi {
 public:
  struct Options {
    std::string kubeconfig;   ///< empty: what a pod finds
    std::string api_servers;  ///< instead of it, with `auth_path`: the way of before
    std::string auth_path;
    std::string user_agent;
    double qps = 20;
    int burst = 30;
  };
  RemoteApi(http::Loops& loops, Runtime runtime) : loops_(loops), runtime_(runtime) {}
  ~RemoteApi() { stop(); }
  Result<void> open(const Options& options, Deadline deadline);
  void stop();

  const std::shared_ptr<rest::Sender>& sender() const { return sender_; }
  client::ApiClient& client() { return *client_; }
  api::ResourceCatalog& resources() { return *resources_; }

 private:
  http::Loops& loops_;
  const Runtime runtime_;
  std::shared_ptr<rest::Sender> sender_;
  std::optional<api::ResourceCatalog> resources_;
  std::optional<rest::RestClient> client_;
  std::optional<rest::Discovery> discovery_;
  std::optional<rest::IdentityWatch> identity_;
};

}  // namespace mizzen::apps
