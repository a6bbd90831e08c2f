#include "client/api/seen.h"

namespace mizzen::client {

std::string Seen::key() const {
  std::string out(namespace_());
  if (!out.empty()) out += '/';
  return out += name();
}

const meta::v1::ObjectMeta& Seen::meta() const {
  if (object_) return object_.meta();
  if (!meta_) meta_ = packed_->meta();
  return *meta_;
}

const Object& Seen::object() const {
  if (!object_) object_ = packed_->object();
  return object_;
}

}  // namespace mizzen::client
