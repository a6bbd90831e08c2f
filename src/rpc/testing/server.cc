#include "rpc/testing/server.h"

#include <fmt/format.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <deque>
#include <map>

#include "async/executor.h"
#include "async/mutex.h"
#include "rpc/bytes.h"

namespace mizzen::rpc {
namespace {

constexpr size_t kHandlersMax = 64;

using Conversation = std::function<Result<void>(ServerCall&)>;

/// One call: turns the library's callbacks into blocking reads and writes for the handler's thread.
class Reactor final : public grpc::ServerGenericBidiReactor, public ServerCall {
 public:
  void run(const Conversation& handler) {
    const Result<void> result = handler(*this);
    Finish(result.ok() ? grpc::Status::OK
                       : grpc::Status(static_cast<grpc::StatusCode>(status_of(result.error())),
                                      std::string(description(result.error()))));
  }

  std::optional<std::string> read() override {
    StartRead(&incoming_);
    Lock lock(m_);
    while (read_done_ == Outcome::None) changed_.wait(m_);
    const bool ok = std::exchange(read_done_, Outcome::None) == Outcome::Ok;
    if (!ok) return std::nullopt;
    return from_buffer(incoming_);
  }

  bool write(std::string_view message) override {
    outgoing_ = to_buffer(message);
    StartWrite(&outgoing_);
    Lock lock(m_);
    while (write_done_ == Outcome::None) changed_.wait(m_);
    return std::exchange(write_done_, Outcome::None) == Outcome::Ok;
  }

  bool cancelled() const override { return cancelled_; }

 private:
  enum class Outcome { None, Ok, Failed };
  void OnReadDone(bool ok) override { settle(read_done_, ok); }
  void OnWriteDone(bool ok) override { settle(write_done_, ok); }
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { delete this; }

  void settle(Outcome& outcome, bool ok) {
    Lock lock(m_);
    outcome = ok ? Outcome::Ok : Outcome::Failed;
    changed_.notify_all();
  }

  Mutex m_;
  CondVar changed_;
  Outcome read_done_ = Outcome::None;
  Outcome write_done_ = Outcome::None;
  std::atomic<bool> cancelled_{false};
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
};

}  // namespace

class Server::Impl final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    auto* reactor = new Reactor;
    const auto found = handlers.find(context->method());
    const bool running =
        found != handlers.end() && pool.post([reactor, &handler = found->second] { reactor->run(handler); });
    if (!running) reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "unknown method " + context->method()});
    return reactor;
  }

  std::map<std::string, Conversation, std::less<>> handlers;
  ThreadPool pool{real_clock(), {.name = "rpc-test-server", .threads_max = kHandlersMax}};
  std::unique_ptr<grpc::Server> server;
};

Server::Server() : impl_(std::make_unique<Impl>()) {}

Server::~Server() {
  if (impl_->server) impl_->server->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
  impl_->pool.stop();
}

void Server::on(std::string_view method, Unary handler) {
  impl_->handlers[std::string(method)] = [handler = std::move(handler)](ServerCall& call) -> Result<void> {
    const std::optional<std::string> request = call.read();
    if (!request) return make_error(Status::Internal, "no request");
    MZ_ASSIGN(const std::string response, handler(*request));
    call.write(response);
    return {};
  };
}

void Server::on_stream(std::string_view method, Streaming handler) {
  impl_->handlers[std::string(method)] = std::move(handler);
}

Result<std::string> Server::start(const std::string& address) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  builder.RegisterCallbackGenericService(impl_.get());
  impl_->server = builder.BuildAndStart();
  if (!impl_->server) return Error(Code::ServiceUnavailable, "cannot listen at " + address);
  if (address.starts_with("unix:")) return address;
  return fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
}

}  // namespace mizzen::rpc
