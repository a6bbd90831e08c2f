#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "admission/chain/plugin.h"
#include "api/builtin.h"

namespace mizzen::admission {

/// A few objects, and how often all of them were asked for.
class FakeObjects final : public Objects {
 public:
  api::RegistryPtr registry() const override { return known; }
  Object cached(const api::ResourceInfo& r, std::string_view ns, std::string_view name) const override {
    const auto it = objects.find({&r, std::string(ns) + "/" + std::string(name)});
    return it == objects.end() ? Object() : it->second;
  }
  void newest(const api::ResourceInfo& r, std::string_view ns, std::string_view name, Deadline,
              std::function<void(Result<Object>)> done) const override {
    const Object found = cached(r, ns, name);
    done(found ? Result<Object>(found)
               : Result<Object>(Error(Code::NotFound, "namespaces \"" + std::string(name) + "\" not found")));
  }
  bool later(int, std::function<void()> f) const override {
    ++waits;
    if (after_waiting) std::exchange(after_waiting, nullptr)();
    f();
    return true;
  }
  std::vector<Object> all(const api::ResourceInfo& r) const override {
    ++scans;
    std::vector<Object> out;
    for (const auto& [key, object] : objects)
      if (key.first == &r) out.push_back(object);
    return out;
  }
  int64_t generation(const api::ResourceInfo&) const override { return changes; }
  template <typename T>
  void put(T object) {
    ++changes;
    const std::string key = object.metadata.namespace_ + "/" + object.metadata.name;
    objects[{&api::resource_of<T>(), key}] = Object::of(std::move(object));
  }

  api::RegistryPtr known = api::builtin();
  std::map<std::pair<const api::ResourceInfo*, std::string>, Object> objects;
  int64_t changes = 0;
  mutable int scans = 0, waits = 0;
  mutable std::function<void()> after_waiting;  ///< what happens meanwhile
};

}  // namespace mizzen::admission
