#include "api/registry/convert.h"

#include "machinery/object/convert.h"

namespace mizzen::api {

machinery::MutableObject to_memory(const ResourceInfo& resource, const ServedVersion& version,
                                   machinery::MutableObject wire) {
  if (version.message.get() == &resource.message()) return wire;
  machinery::MutableObject out(resource.message());
  if (version.to_memory) {
    version.to_memory(wire.get(), out.get());
  } else {
    machinery::convert_by_name(*version.message, wire.get(), out.message(), out.get());
  }
  return out;
}

machinery::MutableObject from_memory(const ServedVersion& version, const machinery::Object& object) {
  machinery::MutableObject out(*version.message);
  if (version.from_memory) {
    version.from_memory(object.get(), out.get());
  } else {
    machinery::convert_by_name(object.message(), object.get(), out.message(), out.get());
  }
  return out;
}

}  // namespace mizzen::api
