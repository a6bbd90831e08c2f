#pragma once
#include <memory>

#include "apiserver/registry/core.h"
#include "client/api/api_client.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver {

/// Role: the API for components in this process: the same writes, admission and validation as over HTTP, but
/// objects pass as shared values and watches read the cache directly. Place: one per component identity;
/// outlived by Core. Threading: thread-safe; calls block on the store. With metrics, calls are counted as
/// mizzen_loopback_requests_total: what a component asks of the API shows as much as what a client asks.
class Loopback final : public client::ApiClient {
 public:
  Loopback(Core& core, std::string user, Metrics* metrics = nullptr);
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
  Result<ResourceStore*> store_of(const api::ResourceInfo& resource);
  void count(std::string_view verb, const api::ResourceInfo& resource);

  Core& core_;
  const std::string user_;
  Family<Counter>* const requests_;
};

}  // namespace mizzen::apiserver
