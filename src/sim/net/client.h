#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/user/user.h"
#include "client/api/api_client.h"
#include "sim/server/server.h"

namespace mizzen::sim {

class Pipe;

/// Role: the API as one component reaches it over a bad network: each call takes a while, others take their
/// turns meanwhile, and it may be lost before or after it was carried out; watches break and are held up.
/// Place: one for each life of a component. Threading: confined to the simulation's thread. Failure:
/// ServiceUnavailable where the server is down or a message was lost; the same for good once kill() was
/// called, as for a process that is gone: nothing of it reaches the server any more.
class Client final : public client::ApiClient {
 public:
  Client(World& world, Server& server, std::string who, auth::User user);
  ~Client() override;

  void kill();

  api::RegistryPtr registry() const override;
  Result<client::Object> get(const api::ResourceInfo& resource, const std::string& ns,
                             const std::string& name, const client::Call& call) override;
  Result<client::ObjectList> list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call& call) override;
  std::unique_ptr<client::Watch> watch(const api::ResourceInfo& resource, const client::ListOptions& options,
                                       client::WatchSink sink) override;
  Result<client::Object> create(const api::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions& options, const client::Call& call) override;
  Result<client::Object> update(const api::ResourceInfo& resource, const client::Object& object,
                                const client::WriteOptions& options, const client::Call& call) override;
  Result<client::Object> patch(const api::ResourceInfo& resource, const std::string& ns,
                               const std::string& name, client::PatchType type, const std::string& body,
                               const client::WriteOptions& options, const client::Call& call) override;
  Result<client::Object> remove(const api::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call& call) override;

 private:
  /// What a new watch begins with where the server that it reaches is behind.
  struct View {
    std::vector<client::WatchEvent> events;
    Duration held;  ///< how long it stays behind
  };
  /// Nothing where it begins with the newest; else `options` are those of the watch that goes on from there.
  std::optional<View> view_in_the_past(client::ApiClient& api, const api::ResourceInfo& resource,
                                       client::ListOptions& options);
  /// Carries `f` out at the server; `what` is told in the trace, empty for reads.
  template <typename F>
  auto over_the_net(const std::string& what, const F& f) -> decltype(f(std::declval<client::ApiClient&>()));
  Error unreachable() const;
  /// Holds a write that reaches the server against who leads, where only a leader may write.
  void check_leads(const std::string& what);
  /// Holds an answer to a write, before it may be lost, against what the store has.
  Result<client::Object> acknowledged(const api::ResourceInfo& resource, Result<client::Object> answer);

  World& world_;
  Server& server_;
  const std::string who_;
  const auth::User user_;
  const api::RegistryPtr registry_;
  bool killed_ = false;
  std::vector<std::weak_ptr<Pipe>> pipes_;
};

}  // namespace mizzen::sim
