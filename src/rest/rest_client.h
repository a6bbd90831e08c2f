#pragma once
#include <memory>

#include "api/registry/catalog.h"
#include "client/api/api_client.h"
#include "rest/send/sender.h"
#include "rest/watch/list_mode.h"

namespace mizzen::rest {

/// Role: the API of a server elsewhere, over HTTP: what `Loopback` is to a server in this process. Place: of
/// components that run on their own, and of hollow nodes. Kubernetes contract: requests as client-go's:
/// protobuf, JSON where the server answers it, lists in pages, watches that begin with the list
/// where the server can (sendInitialEvents), else after one. Threading and failure: as ApiClient's. A watch
/// holds no thread while nothing comes; its sink is called on the runtime's executor. Lifecycle: watches go
/// before it.
class RestClient final : public client::ApiClient {
 public:
  struct Deps {
    std::shared_ptr<Sender> sender;
    const api::ResourceCatalog& resources;  ///< what the server serves, see discover()
    api::RegistryPtr known;                 ///< the kinds that this program knows
    Runtime runtime;
  };
  explicit RestClient(Deps deps);

  api::RegistryPtr registry() const override { return deps_.resources.registry(); }
  Result<api::RegistryPtr> registry_now(const client::Call& call) override;
  Result<client::Object> get(const client::ResourceInfo& resource, const std::string& ns,
                             const std::string& name, const client::Call& call) override;
  Result<client::ObjectList> list(const client::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call& call) override;
  std::unique_ptr<client::Watch> watch(const client::ResourceInfo& resource,
                                       const client::ListOptions& options, client::WatchSink sink) override;
  Result<client::Object> create(const client::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions& options, const client::Call& call) override;
  Result<client::Object> update(const client::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions& options, const client::Call& call) override;
  Result<client::Object> patch(const client::ResourceInfo& resource, const std::string& ns,
                               const std::string& name, client::PatchType type, const std::string& body,
                               const client::WriteOptions& options, const client::Call& call) override;
  /// Where the server answers with a Status, the object has its name, namespace and uid.
  Result<client::Object> remove(const client::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call& call) override;

 private:
  /// A body that is `object`, to `path`.
  Result<client::Object> send_object(const char* method, std::string path,
                                     const client::ResourceInfo& resource, const client::Object& object,
                                     const client::WriteOptions& options, const client::Call& call);

  const Deps deps_;
  const std::shared_ptr<ListMode> mode_;
};

}  // namespace mizzen::rest
