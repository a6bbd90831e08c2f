#include "machinery/object/object.h"

#include <cstdlib>

namespace mizzen::machinery {

const meta::v1::ObjectMeta* find_meta(const codec::Message& m, const void* object) {
  if (m.metadata_offset < 0) return nullptr;
  return reinterpret_cast<const meta::v1::ObjectMeta*>(static_cast<const char*>(object) + m.metadata_offset);
}
meta::v1::ObjectMeta* find_meta(const codec::Message& m, void* object) {
  return const_cast<meta::v1::ObjectMeta*>(find_meta(m, static_cast<const void*>(object)));
}

const meta::v1::ObjectMeta& Object::meta() const {
  const auto* meta = find_meta(*message_, object_.get());
  if (!meta) std::abort();  // a kind without metadata: the caller's bug
  return *meta;
}
meta::v1::ObjectMeta& MutableObject::meta() {
  auto* meta = find_meta(*message_, object_.get());
  if (!meta) std::abort();
  return *meta;
}

const meta::v1::OwnerReference* controller_of(const meta::v1::ObjectMeta& meta) {
  for (const auto& ref : meta.ownerReferences)
    if (ref.controller.value_or(false)) return &ref;
  return nullptr;
}

}  // namespace mizzen::machinery
