#pragma once
#include <memory>

#include "apiserver/registry/core.h"
#include "auth/authorize/authorizer.h"
#include "client/api/api_client.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

/// Role: the API for components in this process: the same authorisation, admission, writes and validation as
/// over HTTP, but objects pass as shared values and watches read the cache directly. Place: one per component
/// identity; outlived by Core. Threading: thread-safe; a call blocks its own thread until the write is done.
/// With metrics, calls are counted as mizzen_loopback_requests_total: what a component asks of the API shows
/// as much as what a client asks.
class Loopback final : public client::ApiClient {
 public:
  struct Deps {
    Core& core;
    const auth::Authorizer& authorizer;
    Metrics* metrics = nullptr;
  };
  Loopback(Deps deps, auth::User user);
  api::RegistryPtr registry() const override { return core_.registry(); }
  Result<Object> get(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                     const client::Call& call) override;
  Result<client::ObjectList> list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call& call) override;
  std::unique_ptr<client::Watch> watch(const api::ResourceInfo& resource, const client::ListOptions& options,
                                       client::WatchSink sink) override;
  Result<Object> create(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override;
  Result<Object> update(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override;
  Result<Object> patch(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                       client::PatchType type, const std::string& body, const client::WriteOptions& options,
                       const client::Call& call) override;
  Result<Object> remove(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                        const meta::v1::DeleteOptions& options, const client::Call& call) override;

 private:
  /// What a call asks for.
  struct Asked {
    api::Verb verb;
    std::string_view counted;  ///< the verb as metrics have it
    const api::ResourceInfo& resource;
    std::string subresource;
    std::string namespace_;
    std::string name;
  };
  /// Every call's way in: counted, authorised, found. Forbidden, NotFound, MethodNotAllowed.
  Result<StorePtr> enter(const Asked& asked);
  RequestContextPtr context_of(const Asked& asked, const client::WriteOptions& options,
                               const client::Call& call) const;
  Result<Object> part(const Asked& asked, const Object& object, const client::WriteOptions& options,
                      const client::Call& call);
  Result<Object> written(ResourceStore& store, const RequestContextPtr& context, NextState change);

  Core& core_;
  const auth::Authorizer& authorizer_;
  const auth::User user_;
  Family<Counter>* const requests_;
};

}  // namespace mizzen::apiserver
