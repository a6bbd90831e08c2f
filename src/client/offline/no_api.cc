#include "client/offline/no_api.h"

namespace mizzen::client {
namespace {

Error none() { return Error(Code::ServiceUnavailable, "there is no API server"); }

class Ended final : public Watch {};

}  // namespace

Result<Object> NoApi::get(const ResourceInfo&, const std::string&, const std::string&, const Call&) {
  return none();
}
Result<ObjectList> NoApi::list(const ResourceInfo&, const ListOptions&, const Call&) { return none(); }
std::unique_ptr<Watch> NoApi::watch(const ResourceInfo&, const ListOptions&, WatchSink sink) {
  sink.on_end(none());
  return std::make_unique<Ended>();
}
Result<Object> NoApi::create(const ResourceInfo&, const Object&, const WriteOptions&, const Call&) {
  return none();
}
Result<Object> NoApi::update(const ResourceInfo&, const Object&, const WriteOptions&, const Call&) {
  return none();
}
Result<Object> NoApi::patch(const ResourceInfo&, const std::string&, const std::string&, PatchType,
                            const std::string&, const WriteOptions&, const Call&) {
  return none();
}
Result<Object> NoApi::remove(const ResourceInfo&, const std::string&, const std::string&,
                             const meta::v1::DeleteOptions&, const Call&) {
  return none();
}

}  // namespace mizzen::client
