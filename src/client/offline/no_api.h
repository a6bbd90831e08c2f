#pragma once
#include <memory>
#include <string>

#include "client/api/api_client.h"

namespace mizzen::client {

/// Role: the API of a node that has no server: every call fails with ServiceUnavailable at once, and a watch
/// ends as soon as it begins. Place: for components that work without an API, as a kubelet with manifests
/// does. Threading: thread-safe.
class NoApi final : public ApiClient {
 public:
  /// `known`: the resources that components name.
  explicit NoApi(api::RegistryPtr known) : known_(std::move(known)) {}
  api::RegistryPtr registry() const override { return known_; }
  Result<Object> get(const ResourceInfo&, const std::string&, const std::string&, const Call&) override;
  Result<ObjectList> list(const ResourceInfo&, const ListOptions&, const Call&) override;
  std::unique_ptr<Watch> watch(const ResourceInfo&, const ListOptions&, WatchSink sink) override;
  Result<Object> create(const ResourceInfo&, const Object&, const WriteOptions&, const Call&) override;
  Result<Object> update(const ResourceInfo&, const Object&, const WriteOptions&, const Call&) override;
  Result<Object> patch(const ResourceInfo&, const std::string&, const std::string&, PatchType,
                       const std::string&, const WriteOptions&, const Call&) override;
  Result<Object> remove(const ResourceInfo&, const std::string&, const std::string&,
                        const meta::v1::DeleteOptions&, const Call&) override;

 private:
  const api::RegistryPtr known_;
};

}  // namespace mizzen::client
