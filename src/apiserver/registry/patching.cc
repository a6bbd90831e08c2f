#include "apiserver/registry/patching.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "machinery/patch/patch.h"

namespace mizzen::apiserver {

using client::PatchType;

Result<codec::Value> parse_patch(PatchType type, std::string_view body) {
  auto value = codec::Value::parse(body);
  if (value.ok()) return value;
  return Error(Code::BadRequest, type == PatchType::Merge ? "error decoding patch: " + value.error().message()
                                                          : value.error().message());
}

Result<machinery::MutableObject> apply_patch(const api::ResourceInfo& resource, const Object& old,
                                             const PatchRequest& request, codec::DecodeReport* report) {
  const machinery::MutableObject wire = from_memory(*request.version, old);
  const codec::TypeMeta type{request.version->api_version(), std::string(resource.kind)};
  std::string text;
  codec::encode_json(text, wire.message(), wire.get(), &type);
  MZ_ASSIGN(codec::Value document, codec::Value::parse(text));
  switch (request.type) {
    case PatchType::Json:
      MZ_TRY(machinery::apply_json_patch(document, request.patch));
      break;
    case PatchType::Merge:
      machinery::apply_merge_patch(document, request.patch);
      break;
    case PatchType::Strategic:
      MZ_TRY(machinery::apply_strategic_patch(document, request.patch, wire.message()));
      break;
    case PatchType::Apply:
      return Error(Code::UnsupportedMediaType, "server-side apply is not served yet");
  }
  const std::string patched = document.str();
  machinery::MutableObject next(wire.message());
  codec::TypeMeta seen;
  const auto decoded = codec::decode_json(patched, next.message(), next.get(), &seen, report);
  const auto invalid = [&](const std::string& why) {
    machinery::FieldErrors errors;
    errors.invalid(machinery::Path("patch"), patched, why);
    return errors.to_error("", "", "");
  };
  if (!decoded.ok()) return invalid(decoded.error().message());
  if (seen.api_version != type.api_version || seen.kind != type.kind)
    return Error(Code::BadRequest, fmt::format("the kind or version of an object cannot be patched: {} {}",
                                               seen.api_version, seen.kind));
  return to_memory(resource, *request.version, std::move(next));
}

}  // namespace mizzen::apiserver
