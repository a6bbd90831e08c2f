#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/proto/proto_codec.h"
#include "rpc/channel.h"

/// Calls with messages instead of bytes, for any structs that the schema compiler made.
namespace mizzen::rpc {

/// A method and its messages: inline constexpr Method<VersionRequest, VersionResponse>
/// kVersion{"/runtime.v1..."};
template <typename Request, typename Response>
struct Method {
  std::string_view path;
};

/// One request, one answer.
template <typename Request, typename Response>
Result<Response> call(Channel& channel, Method<Request, Response> method, const Request& request,
                      Deadline deadline, const CallOptions& options = {}) {
  MZ_ASSIGN(const std::string bytes, channel.call(method.path, codec::to_proto(request), deadline, options));
  return codec::from_proto<Response>(bytes);
}

/// The same without a thread that waits: `done` as Channel's.
template <typename Request, typename Response>
void call(Channel& channel, Method<Request, Response> method, const Request& request, Deadline deadline,
          const CallOptions& options, std::function<void(Result<Response>)> done) {
  channel.call(method.path, codec::to_proto(request), deadline, options,
               [done = std::move(done)](Result<std::string> bytes) {
                 done(bytes.ok() ? codec::from_proto<Response>(*bytes) : Result<Response>(bytes.error()));
               });
}

/// Role: a Stream of messages. A message that does not decode ends it: read() gives the error.
template <typename Request, typename Response>
class TypedStream {
 public:
  explicit TypedStream(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
  [[nodiscard]] bool write(const Request& message) { return stream_->write(codec::to_proto(message)); }
  void writes_done() { stream_->writes_done(); }
  /// The next message, nothing at a good end, or why it ended.
  Result<std::optional<Response>> read() {
    std::optional<std::string> bytes = stream_->read();
    if (!bytes) {
      MZ_TRY(stream_->finish());
      return std::optional<Response>();
    }
    MZ_ASSIGN(Response message, codec::from_proto<Response>(*bytes));
    return std::optional<Response>(std::move(message));
  }
  void cancel() { stream_->cancel(); }

 private:
  std::unique_ptr<Stream> stream_;
};

/// Opens a stream; for a server stream write the one request and call writes_done().
template <typename Request, typename Response>
TypedStream<Request, Response> stream(Channel& channel, Method<Request, Response> method, Deadline deadline,
                                      const CallOptions& options = {}) {
  return TypedStream<Request, Response>(channel.stream(method.path, deadline, options));
}

}  // namespace mizzen::rpc
