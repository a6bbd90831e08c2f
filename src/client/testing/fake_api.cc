#include "client/testing/fake_api.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "api/strategy/strategy.h"
#include "codec/json/json_codec.h"
#include "codec/json/tree.h"
#include "machinery/patch/patch.h"

namespace mizzen::client::testing {
namespace {

std::string key_of(const ResourceInfo& r, const std::string& ns, const std::string& name) {
  return fmt::format("{}/{}/{}", r.plural, ns, name);
}

Error not_found(const ResourceInfo& r, const std::string& name) {
  return Error(Code::NotFound, fmt::format("{} \"{}\" not found", r.qualified(), name));
}

/// An object's selectable fields by name.
struct Fields final : api::FieldValues {
  std::map<std::string, std::string, std::less<>> by_name;
  void set(std::string_view name, std::string_view value) override { by_name.emplace(name, value); }
};

bool selects(const machinery::FieldSelector& fields, const ResourceInfo& resource, const Object& object) {
  if (fields.empty()) return true;
  Fields values;
  values.set("metadata.name", object.meta().name);
  values.set("metadata.namespace", object.meta().namespace_);
  resource.strategy->selectable_fields(object.get(), values);
  return fields.matches([&](std::string_view field) -> std::string_view {
    const auto found = values.by_name.find(field);
    return found == values.by_name.end() ? std::string_view() : found->second;
  });
}

}  // namespace

class FakeApi::OpenWatch final : public Watch {
 public:
  OpenWatch(FakeApi& api, uint64_t id) : api_(api), id_(id) {}
  ~OpenWatch() override {
    Lock lock(api_.m_);
    api_.watchers_.erase(id_);
  }

 private:
  FakeApi& api_;
  const uint64_t id_;
};

Result<void> FakeApi::enter(const char* verb, const ResourceInfo& r, const std::string& subresource) {
  ++calls_[fmt::format("{} {}{}{}", verb, r.plural, subresource.empty() ? "" : "/", subresource)];
  if (down_) return Error(Code::ServiceUnavailable, "the API is away");
  return {};
}

void FakeApi::tell(const ResourceInfo& r, WatchEvent::Type type, const Object& object) {
  for (auto& [id, watcher] : watchers_)
    if (watcher.plural == r.plural && selects(watcher.fields, r, object))
      watcher.sink.on_events({{type, object}});
}

Object FakeApi::store(const ResourceInfo& r, const Object& object) {
  machinery::MutableObject copy(object);
  copy.meta().resourceVersion = fmt::format("{}", ++revision_);
  if (copy.meta().uid.empty()) copy.meta().uid = fmt::format("uid-{}", revision_);
  Object& slot = objects_[key_of(r, object.meta().namespace_, object.meta().name)];
  const bool is_new = !slot;
  slot = std::move(copy).freeze();
  tell(r, is_new ? WatchEvent::Type::Added : WatchEvent::Type::Modified, slot);
  return slot;
}

Result<Object> FakeApi::get(const ResourceInfo& r, const std::string& ns, const std::string& name,
                            const Call&) {
  Lock lock(m_);
  MZ_TRY(enter("get", r));
  const auto found = objects_.find(key_of(r, ns, name));
  if (found == objects_.end()) return not_found(r, name);
  return found->second;
}

Result<ObjectList> FakeApi::list(const ResourceInfo& r, const ListOptions&, const Call&) {
  Lock lock(m_);
  MZ_TRY(enter("list", r));
  ObjectList out;
  const std::string prefix = r.plural + "/";
  for (const auto& [key, object] : objects_) {
    if (key.starts_with(prefix)) out.items.push_back(object);
  }
  out.resource_version = fmt::format("{}", revision_);
  return out;
}

std::unique_ptr<Watch> FakeApi::watch(const ResourceInfo& r, const ListOptions& options, WatchSink sink) {
  Lock lock(m_);
  if (const auto entered = enter("watch", r); !entered.ok()) {
    sink.on_end(entered.error());
    return std::make_unique<Watch>();
  }
  auto fields = machinery::FieldSelector::parse(options.field_selector);
  MZ_CHECK(fields.ok(), "{}", options.field_selector);
  const uint64_t id = next_watch_++;
  const Watcher& watcher =
      watchers_.emplace(id, Watcher{r.plural, std::move(*fields), &r, std::move(sink)}).first->second;
  std::vector<WatchEvent> events;
  const std::string prefix = r.plural + "/";
  for (auto it = objects_.lower_bound(prefix); it != objects_.end() && it->first.starts_with(prefix); ++it)
    if (selects(watcher.fields, r, it->second)) events.push_back({WatchEvent::Type::Added, it->second});
  machinery::MutableObject bookmark(r.message());
  bookmark.meta().resourceVersion = fmt::format("{}", revision_);
  bookmark.meta().annotations.set("k8s.io/initial-events-end", "true");
  events.push_back({WatchEvent::Type::Bookmark, std::move(bookmark).freeze()});
  watcher.sink.on_events(std::move(events));
  return std::make_unique<OpenWatch>(*this, id);
}

Result<Object> FakeApi::create(const ResourceInfo& r, const Object& object, const WriteOptions& options,
                               const Call& call) {
  Answer answer;
  {
    Lock lock(m_);
    MZ_TRY(enter("create", r, options.subresource));
    const auto found = answers_.find(r.plural + "/" + options.subresource);
    if (found != answers_.end()) answer = found->second;
  }
  if (answer) return answer(object, call);
  Lock lock(m_);
  if (objects_.contains(key_of(r, object.meta().namespace_, object.meta().name)))
    return Error(Code::AlreadyExists, "already exists");
  return store(r, object);
}

Result<Object> FakeApi::update(const ResourceInfo& r, const Object& object, const WriteOptions& options,
                               const Call&) {
  Lock lock(m_);
  MZ_TRY(enter("update", r, options.subresource));
  const auto found = objects_.find(key_of(r, object.meta().namespace_, object.meta().name));
  if (found == objects_.end()) return not_found(r, object.meta().name);
  const auto& asked = object.meta().resourceVersion;
  if (!asked.empty() && asked != found->second.meta().resourceVersion)
    return Error(Code::Conflict, "the object has been modified");
  return store(r, object);
}

Result<Object> FakeApi::patch(const ResourceInfo& r, const std::string& ns, const std::string& name,
                              PatchType type, const std::string& body, const WriteOptions& options,
                              const Call&) {
  Lock lock(m_);
  MZ_TRY(enter("patch", r, options.subresource));
  const auto found = objects_.find(key_of(r, ns, name));
  if (found == objects_.end()) return not_found(r, name);
  std::string text;
  codec::encode_json(text, r.message(), found->second.get());
  MZ_ASSIGN(codec::Value document, codec::Value::parse(text));
  MZ_ASSIGN(const codec::Value changes, codec::Value::parse(body));
  if (type == PatchType::Strategic) {
    MZ_TRY(machinery::apply_strategic_patch(document, changes, r.message()));
  } else if (type == PatchType::Merge) {
    machinery::apply_merge_patch(document, changes);
  } else {
    return Error(Code::MethodNotAllowed, "the fake API does not know this kind of patch");
  }
  machinery::MutableObject patched(r.message());
  MZ_TRY(codec::decode_json(document.str(), r.message(), patched.get()));
  if (patched.meta().uid != found->second.meta().uid)
    return Error(Code::Conflict, "the UID in the precondition does not match");
  return store(r, std::move(patched).freeze());
}

Result<Object> FakeApi::remove(const ResourceInfo& r, const std::string& ns, const std::string& name,
                               const meta::v1::DeleteOptions& options, const Call&) {
  Lock lock(m_);
  MZ_TRY(enter("remove", r));
  const auto found = objects_.find(key_of(r, ns, name));
  if (found == objects_.end()) return not_found(r, name);
  if (options.preconditions && options.preconditions->uid &&
      *options.preconditions->uid != found->second.meta().uid) {
    return Error(Code::Conflict, "the UID in the precondition does not match");
  }
  machinery::MutableObject last(found->second);
  last.meta().resourceVersion = fmt::format("{}", ++revision_);
  objects_.erase(found);
  Object object = std::move(last).freeze();
  tell(r, WatchEvent::Type::Deleted, object);
  return object;
}

void FakeApi::answer(const std::string& subresource, Answer answer) {
  Lock lock(m_);
  answers_[subresource] = std::move(answer);
}

void FakeApi::set_down(bool down) {
  std::map<uint64_t, Watcher> ended;
  Lock lock(m_);
  down_ = down;
  if (down) ended.swap(watchers_);
  for (auto& [id, watcher] : ended) watcher.sink.on_end(Error(Code::ServiceUnavailable, "the API is away"));
}

std::map<std::string, int> FakeApi::calls() const {
  Lock lock(m_);
  return calls_;
}

void FakeApi::forget_calls() {
  Lock lock(m_);
  calls_.clear();
}

size_t FakeApi::watches() const {
  Lock lock(m_);
  return watchers_.size();
}

}  // namespace mizzen::client::testing
