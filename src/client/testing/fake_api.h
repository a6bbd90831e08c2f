#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/builtin.h"
#include "async/mutex.h"
#include "client/api/api_client.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::client::testing {

/// The API in memory for tests of what is a client of it: objects by resource, namespace and name, with
/// optimistic conflicts, and watches that begin with all there is and select by fields. Does not model:
/// defaults, admission, validation, label selectors, history (every watch begins anew), JSON patches and
/// apply, grace periods (a delete removes). Threading: thread-safe; sinks are told by whoever writes.
class FakeApi final : public ApiClient {
 public:
  api::RegistryPtr registry() const override { return api::builtin(); }
  Result<Object> get(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                     const Call&) override;
  Result<ObjectList> list(const ResourceInfo& resource, const ListOptions& options, const Call&) override;
  std::unique_ptr<Watch> watch(const ResourceInfo& resource, const ListOptions& options,
                               WatchSink sink) override;
  Result<Object> create(const ResourceInfo& resource, const Object& object, const WriteOptions&,
                        const Call&) override;
  Result<Object> update(const ResourceInfo& resource, const Object& object, const WriteOptions&,
                        const Call&) override;
  Result<Object> patch(const ResourceInfo&, const std::string&, const std::string&, PatchType,
                       const std::string&, const WriteOptions&, const Call&) override;
  Result<Object> remove(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                        const meta::v1::DeleteOptions& options, const Call&) override;

  /// What a create of a subresource ("serviceaccounts/token") answers; nothing is stored. Called without
  /// locks, and not while the API is down.
  using Answer = std::function<Result<Object>(const Object& sent, const Call& call)>;
  void answer(const std::string& subresource, Answer answer);
  /// Every call fails with ServiceUnavailable while set, and watches end.
  void set_down(bool down);
  /// Calls so far by "verb plural", with the subresource: "update nodes/status", also those that failed.
  std::map<std::string, int> calls() const;
  void forget_calls();
  size_t watches() const;

 private:
  struct Watcher {
    std::string plural;
    machinery::FieldSelector fields;
    const ResourceInfo* resource;
    WatchSink sink;
  };
  class OpenWatch;

  Result<void> enter(const char* verb, const ResourceInfo& resource, const std::string& subresource = "")
      MZ_REQUIRES(m_);
  Object store(const ResourceInfo& resource, const Object& object) MZ_REQUIRES(m_);
  void tell(const ResourceInfo& resource, WatchEvent::Type type, const Object& object) MZ_REQUIRES(m_);

  mutable Mutex m_;
  std::map<std::string, Object> objects_ MZ_GUARDED_BY(m_);
  std::map<uint64_t, Watcher> watchers_ MZ_GUARDED_BY(m_);
  std::map<std::string, int> calls_ MZ_GUARDED_BY(m_);
  std::map<std::string, Answer> answers_ MZ_GUARDED_BY(m_);  ///< by "plural/subresource"
  uint64_t next_watch_ MZ_GUARDED_BY(m_) = 0;
  int64_t revision_ MZ_GUARDED_BY(m_) = 0;
  bool down_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::client::testing
