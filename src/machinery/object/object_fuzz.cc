// Objects from bytes: protobuf and JSON of ObjectMeta never crash; what is accepted encodes to the same bytes
// twice. Selectors, quantities, times and patches take any text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/proto/proto_codec.h"
#include "machinery/errors/go_print.h"
#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/selectors/selectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto object = codec::from_proto<meta::v1::PartialObjectMetadata>(text);
  if (object.ok()) {
    const std::string once = codec::to_proto(*object);
    const auto again = codec::from_proto<meta::v1::PartialObjectMetadata>(once);
    if (!again.ok() || codec::to_proto(*again) != once) std::abort();
  }
  (void)codec::open_envelope(text).ok();
  codec::DecodeReport report;
  meta::v1::PartialObjectMetadata from_json;
  (void)codec::decode_json(text, from_json.descriptor(), &from_json, nullptr, &report).ok();
  (void)machinery::FieldSelector::parse(text).ok();
  if (const auto selector = machinery::LabelSelector::parse(text); selector.ok()) {
    const auto again = machinery::LabelSelector::parse(selector->str());
    if (!again.ok() || again->str() != selector->str()) std::abort();
  }
  if (const auto q = codec::Quantity::parse(text); q.ok()) {
    const auto again = codec::Quantity::parse(q->text());
    if (!again.ok() || again->text() != q->text()) std::abort();
  }
  (void)codec::parse_time(text).ok();
  (void)codec::parse_go_duration(text).ok();
  const size_t half = text.find('\n');
  if (half != std::string_view::npos) {
    auto document = codec::Value::parse(text.substr(0, half));
    const auto patch = codec::Value::parse(text.substr(half));
    if (document.ok() && patch.ok()) {
      auto a = *document, b = *document;
      if (patch->is_array()) (void)machinery::apply_json_patch(a, *patch).ok();
      (void)machinery::go_print(*patch);
      codec::Value c = *document;
      (void)machinery::unstructured_error(c, meta::v1::PartialObjectMetadata::descriptor());
      (void)machinery::apply_strategic_patch(b, *patch, meta::v1::PartialObjectMetadata::descriptor()).ok();
      machinery::apply_merge_patch(*document, *patch);
    }
  }
  return 0;
}
