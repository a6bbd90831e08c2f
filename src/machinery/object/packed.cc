#include "machinery/object/packed.h"

#include "base/check.h"
#include "codec/proto/proto_codec.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::machinery {
namespace {

class Bytes final : public Packed {
 public:
  explicit Bytes(const Object& object) : message_(object.message()) {
    codec::encode_proto(wire_, message_, object.get());
    wire_.shrink_to_fit();
  }
  std::string_view wire_view() const override { return wire_; }
  Object object() const override {
    MutableObject out(message_);
    const auto decoded = codec::decode_proto(wire_, message_, out.get());
    MZ_CHECK(decoded.ok(), "a packed {} does not decode: {}", message_.name, decoded.error().message());
    return std::move(out).freeze();
  }
  Object at_hand() const override { return {}; }

 private:
  const codec::Message& message_;
  std::string wire_;
};

}  // namespace

std::shared_ptr<const meta::v1::ObjectMeta> Packed::meta() const {
  if (const Object held = at_hand()) return {held.shared(), &held.meta()};
  auto out = std::make_shared<meta::v1::PartialObjectMetadata>();
  const auto decoded = codec::decode_proto(wire_view(), out->descriptor(), out.get());
  MZ_CHECK(decoded.ok(), "packed metadata does not decode: {}", decoded.error().message());
  return {out, &out->metadata};
}

PackedPtr pack(const Object& object) { return std::make_shared<const Bytes>(object); }

}  // namespace mizzen::machinery
