#include "kubelet/testing/fake_api.h"

#include <fmt/format.h>

namespace mizzen::kubelet {
namespace {

std::string key_of(const api::ResourceInfo& r, const std::string& ns, const std::string& name) {
  return fmt::format("{}/{}/{}", r.plural, ns, name);
}

Error not_found(const api::ResourceInfo& r, const std::string& name) {
  return Error(Code::NotFound, fmt::format("{} \"{}\" not found", r.qualified(), name));
}

}  // namespace

Result<void> FakeApi::enter() {
  if (down_) return Error(Code::ServiceUnavailable, "the API is away");
  return {};
}

client::Object FakeApi::store(const std::string& key, const client::Object& object) {
  machinery::MutableObject copy(object);
  copy.meta().resourceVersion = fmt::format("{}", ++revision_);
  if (copy.meta().uid.empty()) copy.meta().uid = fmt::format("uid-{}", revision_);
  return objects_[key] = std::move(copy).freeze();
}

Result<client::Object> FakeApi::get(const api::ResourceInfo& r, const std::string& ns,
                                    const std::string& name, const client::Call&) {
  Lock lock(m_);
  MZ_TRY(enter());
  const auto found = objects_.find(key_of(r, ns, name));
  if (found == objects_.end()) return not_found(r, name);
  return found->second;
}

Result<client::ObjectList> FakeApi::list(const api::ResourceInfo& r, const client::ListOptions&,
                                         const client::Call&) {
  Lock lock(m_);
  MZ_TRY(enter());
  client::ObjectList out;
  const std::string prefix = r.plural + "/";
  for (const auto& [key, object] : objects_) {
    if (key.starts_with(prefix)) out.items.push_back(object);
  }
  out.resource_version = fmt::format("{}", revision_);
  return out;
}

std::unique_ptr<client::Watch> FakeApi::watch(const api::ResourceInfo&, const client::ListOptions&,
                                              client::WatchSink sink) {
  sink.on_end(Error(Code::MethodNotAllowed, "the fake API does not watch"));
  return std::make_unique<client::Watch>();
}

Result<client::Object> FakeApi::create(const api::ResourceInfo& r, const client::Object& object,
                                       const client::WriteOptions&, const client::Call&) {
  Lock lock(m_);
  MZ_TRY(enter());
  const auto key = key_of(r, object.meta().namespace_, object.meta().name);
  if (objects_.contains(key)) return Error(Code::AlreadyExists, "already exists");
  return store(key, object);
}

Result<client::Object> FakeApi::update(const api::ResourceInfo& r, const client::Object& object,
                                       const client::WriteOptions&, const client::Call&) {
  Lock lock(m_);
  MZ_TRY(enter());
  const auto key = key_of(r, object.meta().namespace_, object.meta().name);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return not_found(r, object.meta().name);
  const auto& asked = object.meta().resourceVersion;
  if (!asked.empty() && asked != found->second.meta().resourceVersion)
    return Error(Code::Conflict, "the object has been modified");
  return store(key, object);
}

Result<client::Object> FakeApi::patch(const api::ResourceInfo&, const std::string&, const std::string&,
                                      client::PatchType, const std::string&, const client::WriteOptions&,
                                      const client::Call&) {
  return Error(Code::MethodNotAllowed, "the fake API does not patch");
}

Result<client::Object> FakeApi::remove(const api::ResourceInfo& r, const std::string& ns,
                                       const std::string& name, const meta::v1::DeleteOptions& options,
                                       const client::Call&) {
  Lock lock(m_);
  MZ_TRY(enter());
  const auto found = objects_.find(key_of(r, ns, name));
  if (found == objects_.end()) return not_found(r, name);
  if (options.preconditions && options.preconditions->uid &&
      *options.preconditions->uid != found->second.meta().uid) {
    return Error(Code::Conflict, "the UID in the precondition does not match");
  }
  const auto object = found->second;
  objects_.erase(found);
  return object;
}

void FakeApi::set_down(bool down) {
  Lock lock(m_);
  down_ = down;
}

}  // namespace mizzen::kubelet
