#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "api/registry/registry.h"
#include "auth/request/request_context.h"
#include "base/result.h"
#include "machinery/object/object.h"

namespace mizzen::admission {

using machinery::MutableObject;
using machinery::Object;

/// What is about to happen to an object, as admission sees it. A bit each, so that sets of them are numbers.
enum class Operation : uint8_t { Create = 1, Update = 2, Delete = 4, Connect = 8 };
using Operations = uint8_t;
constexpr Operations operator|(Operation a, Operation b) {
  return static_cast<Operations>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Operations operator|(Operations a, Operation b) {
  return static_cast<Operations>(a | static_cast<uint8_t>(b));
}
constexpr bool contains(Operations set, Operation one) { return (set & static_cast<uint8_t>(one)) != 0; }
/// "CREATE".
std::string_view operation_name(Operation operation);

/// Role: what a plug-in is asked about. Threading: one plug-in at a time has it.
struct Attributes {
  Operation operation = Operation::Create;
  auth::RequestContext& context;  ///< who asks for what
  const api::ResourceInfo& resource;
  /// The subresource's name; empty for the resource itself. Not always the request's own: an eviction
  /// deletes.
  std::string_view subresource;
  std::string_view namespace_;
  std::string_view name;            ///< may be empty on create (generateName) and on deletecollection
  MutableObject* object = nullptr;  ///< what is to be; null on DELETE and CONNECT
  Object old;                       ///< what is; empty on CREATE and CONNECT
};

/// What a plug-in wants to be asked about.
struct Interest {
  static constexpr std::string_view kAny = "*";
  Operations operations = 0;
  std::string_view group = "";        ///< kAny: every resource of every group
  std::string_view resource = kAny;   ///< plural; kAny: every one
  std::string_view subresource = "";  ///< "": the resource itself; kAny: that and all subresources
  bool covers(const Attributes& a) const;
};

/// Role: one policy. The chain asks mutate() of all, then, once the object is valid, validate() of all.
/// Threading: thread-safe; immutable but for caches of its own. Calls must not block: a plug-in that has to
/// wait returns Later and calls `resume` once, from any thread; it keeps no thread meanwhile. The attributes
/// stay where they are until then. Failure: the API's errors, usually refuse().
class Plugin {
 public:
  /// Nothing: `resume` will be called.
  using Answer = std::optional<Result<void>>;
  static constexpr std::nullopt_t kLater = std::nullopt;
  using Resume = std::function<void(Result<void>)>;

  virtual ~Plugin() = default;
  /// Upstream's name of it.
  virtual std::string_view name() const = 0;
  virtual std::span<const Interest> interests() const = 0;
  /// May change the object, or refuse.
  virtual Answer mutate(Attributes&, const Resume&) const { return Result<void>(); }
  /// May refuse.
  virtual Answer validate(const Attributes&, const Resume&) const { return Result<void>(); }
};

/// Role: what plug-ins may know of other objects. Implemented by the API server over its caches. Threading:
/// thread-safe; does not block.
class Objects {
 public:
  virtual ~Objects() = default;
  /// The resources there are now.
  virtual api::RegistryPtr registry() const = 0;
  /// As the cache has it; empty where it has none.
  virtual Object cached(const api::ResourceInfo& resource, std::string_view namespace_,
                        std::string_view name) const = 0;
  /// As the store has it: `done` runs once, perhaps at once. NotFound where there is none.
  virtual void newest(const api::ResourceInfo& resource, std::string_view namespace_, std::string_view name,
                      Deadline deadline, std::function<void(Result<Object>)> done) const = 0;
  /// Runs `f` after a while that grows with `attempt`, from 1; without a thread. False where it will not: the
  /// server stops.
  virtual bool later(int attempt, std::function<void()> f) const = 0;
  /// All of a small, cluster-wide resource.
  virtual std::vector<Object> all(const api::ResourceInfo& resource) const = 0;
  /// Grows with every change of the resource; what was computed from all() is good while it stays.
  virtual int64_t generation(const api::ResourceInfo& resource) const = 0;

  /// cached() of the resource whose in-memory type is T.
  template <typename T>
  Object cached(std::string_view namespace_, std::string_view name) const {
    const api::RegistryPtr now = registry();
    const api::ResourceInfo* resource = now->find<T>();
    return resource ? cached(*resource, namespace_, name) : Object();
  }
};

/// `pods "x" is forbidden: why`, as upstream's NewForbidden.
Error refuse(const Attributes& a, std::string_view why, std::vector<Cause> causes = {});

}  // namespace mizzen::admission
