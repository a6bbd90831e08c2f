#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/proto/proto_codec.h"
#include "rpc/typed.h"

namespace mizzen::rpc {

/// The server's side of a call in a test. Handlers run on a thread of their own and may block.
class ServerCall {
 public:
  virtual ~ServerCall() = default;
  /// The next message of the client; nothing once it sends no more or has gone.
  virtual std::optional<std::string> read() = 0;
  /// False where the client has gone.
  virtual bool write(std::string_view message) = 0;
  /// True once the client cancelled or went away.
  virtual bool cancelled() const = 0;
};

/// Role: a gRPC server for tests, with handlers by method; other methods answer Unimplemented.
/// Lifecycle: add handlers, start, talk; the destructor cancels open calls and waits for handlers.
/// Handlers run at a time: 64 (calls beyond wait).
class Server {
 public:
  using Unary = std::function<Result<std::string>(const std::string& request)>;
  using Streaming = std::function<Result<void>(ServerCall& call)>;

  Server();
  ~Server();
  void on(std::string_view method, Unary handler);
  void on_stream(std::string_view method, Streaming handler);
  template <typename Request, typename Response, typename Handler>
  void on(Method<Request, Response> method, Handler handler) {
    on(method.path, Unary([handler](const std::string& bytes) -> Result<std::string> {
         MZ_ASSIGN(const Request request, codec::from_proto<Request>(bytes));
         MZ_ASSIGN(const Response response, Result<Response>(handler(request)));
         return codec::to_proto(response);
       }));
  }
  /// Listens at `unix:/path` or `127.0.0.1:0`; the address to give to a Channel.
  Result<std::string> start(const std::string& address);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::rpc
