#pragma once
#include "client/api/api_client.h"
#include "client/leader/elector.h"

namespace mizzen::client {

/// Role: the API for components that act only while they lead: a write is refused from the moment on at which
/// the lease may be another's, whatever the component has under way. A write that was sent before, and is
/// held up, is refused by the store (Call::term): a process may be stopped at any instruction and go on an
/// hour later. Threading: thread-safe. Failure: writes of who does not lead: ServiceUnavailable; nothing has
/// been written.
class LedClient final : public ApiClient {
 public:
  LedClient(ApiClient& api, const Elector& elector) : api_(api), elector_(elector) {}

  api::RegistryPtr registry() const override { return api_.registry(); }
  Result<api::RegistryPtr> registry_now(const Call& call) override { return api_.registry_now(call); }
  Result<Object> get(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                     const Call& call) override {
    return api_.get(resource, ns, name, call);
  }
  Result<ObjectList> list(const ResourceInfo& resource, const ListOptions& options,
                          const Call& call) override {
    return api_.list(resource, options, call);
  }
  std::unique_ptr<Watch> watch(const ResourceInfo& resource, const ListOptions& options,
                               WatchSink sink) override {
    return api_.watch(resource, options, std::move(sink));
  }
  Result<Object> create(const ResourceInfo& resource, const Object& object, const WriteOptions& options,
                        const Call& call) override {
    MZ_TRY(may_write());
    return api_.create(resource, object, options, while_leading(call));
  }
  Result<Object> update(const ResourceInfo& resource, const Object& object, const WriteOptions& options,
                        const Call& call) override {
    MZ_TRY(may_write());
    return api_.update(resource, object, options, while_leading(call));
  }
  Result<Object> patch(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                       PatchType type, const std::string& body, const WriteOptions& options,
                       const Call& call) override {
    MZ_TRY(may_write());
    return api_.patch(resource, ns, name, type, body, options, while_leading(call));
  }
  Result<Object> remove(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                        const meta::v1::DeleteOptions& options, const Call& call) override {
    MZ_TRY(may_write());
    return api_.remove(resource, ns, name, options, while_leading(call));
  }

 private:
  Result<void> may_write() const {
    if (elector_.leads()) return {};
    return Error(Code::ServiceUnavailable, "another leads: nothing is written");
  }

  Call while_leading(Call call) const {
    call.term = elector_.term();
    return call;
  }

  ApiClient& api_;
  const Elector& elector_;
};

}  // namespace mizzen::client
