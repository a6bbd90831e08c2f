#include "rest/watch/list_mode.h"

#include "base/strings.h"
#include "codec/json/tree.h"
#include "rest/wire/body.h"

namespace mizzen::rest {
namespace {
constexpr int kMajor = 1;
constexpr int kMinor = 27;
}  // namespace

bool knows_streamed_lists(std::string_view version_json) {
  const auto version = codec::Value::parse(version_json);
  if (!version.ok() || !version->is_object()) return false;
  const auto number = [&](const char* name) {
    const codec::Value* v = version->find(name);
    if (!v || !v->is_string()) return -1;
    // "27+" is what vendors write.
    const std::string_view text = v->text();
    return parse_int<int>(text.substr(0, text.find_first_not_of("0123456789"))).value_or(-1);
  };
  return number("major") > kMajor || (number("major") == kMajor && number("minor") >= kMinor);
}

Result<bool> ListMode::streams(const http::CallContext& context) {
  if (mode_ == Mode::Unknown) {
    client::Call call;
    call.deadline = context.deadline;
    call.stop = context.stop;
    Ask ask;
    ask.path = "/version";
    ask.accept = kJson;
    MZ_ASSIGN(const http::Response answer, sender_->send(ask, call));
    if (answer.status != 200)
      return decode_error(answer.status, answer.headers.get("Content-Type"), answer.body);
    mode_ = knows_streamed_lists(answer.body) ? Mode::Streams : Mode::Lists;
  }
  return mode_ == Mode::Streams;
}

}  // namespace mizzen::rest
