#pragma once
#include <memory>
#include <string_view>

#include "machinery/object/object.h"
#include "machinery/object/wire_scan.h"

namespace mizzen::machinery {

/// Role: an object as its protobuf bytes: what is kept of very many, since decoded they take several times
/// the room. Place: `apiserver::Entry` is one, shared with the server's cache; pack() makes one of an object
/// that came from elsewhere. Threading: thread-safe, immutable.
class Packed {
 public:
  virtual ~Packed() = default;
  /// The object in its in-memory message, our encoder's bytes, with metadata.resourceVersion.
  virtual std::string_view wire_view() const = 0;
  /// Decodes, unless it is at hand.
  virtual Object object() const = 0;
  /// The decoded object where somebody has it; else empty.
  virtual Object at_hand() const = 0;

  /// Views into the bytes. Cost: the first few of them are looked at.
  NamesInWire names() const { return names_in(wire_view()); }
  /// The metadata; decoded alone where the object is not at hand.
  std::shared_ptr<const meta::v1::ObjectMeta> meta() const;
};
using PackedPtr = std::shared_ptr<const Packed>;

/// Bytes of its own; every object() decodes them.
PackedPtr pack(const Object& object);

}  // namespace mizzen::machinery
