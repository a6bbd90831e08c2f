#pragma once
#include <map>
#include <memory>
#include <string>

#include "api/builtin.h"
#include "async/mutex.h"
#include "client/api/api_client.h"

namespace mizzen::kubelet {

/// The API in memory for tests of the node: objects by resource, namespace and name, with optimistic
/// conflicts. Does not model: defaults, admission, validation, selectors, watches, grace periods (a delete
/// removes). Threading: thread-safe.
class FakeApi final : public client::ApiClient {
 public:
  api::RegistryPtr registry() const override { return api::builtin(); }
  Result<client::Object> get(const api::ResourceInfo& resource, const std::string& ns,
                             const std::string& name, const client::Call&) override;
  Result<client::ObjectList> list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call&) override;
  std::unique_ptr<client::Watch> watch(const api::ResourceInfo&, const client::ListOptions&,
                                       client::WatchSink sink) override;
  Result<client::Object> create(const api::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions&, const client::Call&) override;
  Result<client::Object> update(const api::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions&, const client::Call&) override;
  Result<client::Object> patch(const api::ResourceInfo&, const std::string&, const std::string&,
                               client::PatchType, const std::string&, const client::WriteOptions&,
                               const client::Call&) override;
  Result<client::Object> remove(const api::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call&) override;

  /// Every call fails with ServiceUnavailable while set.
  void set_down(bool down);

 private:
  Result<void> enter() MZ_REQUIRES(m_);
  client::Object store(const std::string& key, const client::Object& object) MZ_REQUIRES(m_);

  mutable Mutex m_;
  std::map<std::string, client::Object> objects_ MZ_GUARDED_BY(m_);
  int64_t revision_ MZ_GUARDED_BY(m_) = 0;
  bool down_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
