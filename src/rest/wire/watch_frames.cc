#include "rest/wire/watch_frames.h"

#include <fmt/format.h>

#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"
#include "machinery/schema/meta/v1/watch_event.h"
#include "rest/wire/body.h"

namespace mizzen::rest {
namespace {

using client::WatchEvent;
constexpr size_t kLengthBytes = 4;  // before each protobuf frame, most significant first

Error not_an_event(std::string_view why) {
  return Error(Code::InternalError, fmt::format("unable to decode an event from the watch stream: {}", why));
}

std::optional<WatchEvent::Type> type_of(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::Added;
  if (name == "MODIFIED") return WatchEvent::Type::Modified;
  if (name == "DELETED") return WatchEvent::Type::Deleted;
  if (name == "BOOKMARK") return WatchEvent::Type::Bookmark;
  return std::nullopt;
}

}  // namespace

WatchFrames::WatchFrames(const ResourceInfo& resource, std::string content_type)
    : resource_(resource.share()),
      content_type_(std::move(content_type)),
      proto_(content_type_.starts_with(kProto)) {}

Result<void> WatchFrames::feed(std::string_view bytes, std::vector<WatchEvent>& out) {
  rest_.append(bytes);
  size_t at = 0;
  for (;;) {
    MZ_ASSIGN(const std::optional<std::string_view> frame, next_frame(at));
    if (!frame) break;
    MZ_ASSIGN(WatchEvent event, decode(*frame));
    out.push_back(std::move(event));
  }
  rest_.erase(0, at);
  if (rest_.empty()) std::string().swap(rest_);  // thousands of watches wait most of the time
  searched_ = rest_.size();
  return {};
}

Result<std::optional<std::string_view>> WatchFrames::next_frame(size_t& at) const {
  const std::string_view left = std::string_view(rest_).substr(at);
  size_t begin = 0;
  size_t size = 0;
  if (proto_) {
    if (left.size() < kLengthBytes) return std::optional<std::string_view>();
    for (size_t i = 0; i < kLengthBytes; ++i) size = size << 8 | static_cast<uint8_t>(left[i]);
    begin = kLengthBytes;
  } else {
    // Go's encoder ends each event with a line break, and has none within.
    const size_t end = left.find('\n', at == 0 ? searched_ : 0);
    size = end == std::string_view::npos ? left.size() + 1 : end;
  }
  if (size > kFrameBytesMax) return not_an_event(fmt::format("it has {} bytes", size));
  if (left.size() < begin + size) return std::optional<std::string_view>();
  at += begin + size + (proto_ ? 0 : 1);
  return std::optional(left.substr(begin, size));
}

Result<WatchEvent> WatchFrames::decode(std::string_view frame) const {
  meta::v1::WatchEvent event;
  const auto read = proto_ ? codec::decode_proto(frame, event.descriptor(), &event)
                           : codec::decode_json(frame, event.descriptor(), &event);
  if (!read.ok()) return not_an_event(read.error().message());
  // The object within is a document of its own, in the same format.
  const std::string_view format = proto_ ? kProto : kJson;
  if (event.type == "ERROR") {
    auto told = decode_document(*resource_, nullptr, format, event.object.text);
    if (!told.ok()) return told.error();
    return error_of(told->status, 0);
  }
  const auto type = type_of(event.type);
  if (!type) return not_an_event(fmt::format("unknown type \"{}\"", event.type));
  MZ_ASSIGN(Document document, decode_document(*resource_, nullptr, format, event.object.text));
  if (!document.object) return not_an_event("it has a Status for an object");
  return WatchEvent{*type, std::move(document.object)};
}

}  // namespace mizzen::rest
