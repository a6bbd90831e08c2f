#include "rpc/channel.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/sync_stream.h>

#include <atomic>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/check.h"
#include "rpc/bytes.h"
#include "rpc/redial.h"
#include "telemetry/log.h"

namespace mizzen::rpc {
namespace {

constexpr int kBackoffFirstMs = 100;
constexpr int kBackoffMaxMs = 3000;
constexpr int kLocalBackoffMaxMs = 200;  ///< a socket of this machine: asking again costs nothing
constexpr int kLocalWindowBytes = 1 << 20;
/// A server that has just started takes a connection before it speaks.
constexpr int kConnectTimeoutMs = 5000;
constexpr int kKeepaliveAnswerMs = 10'000;

gpr_timespec when(Deadline deadline) {
  if (deadline.is_never()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(deadline.left().count(), GPR_TIMESPAN));
}

void prepare(grpc::ClientContext& context, Deadline deadline, const CallOptions& options) {
  context.set_deadline(when(deadline));
  context.set_wait_for_ready(options.wait_for_ready);
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
}

Error to_error(const grpc::Status& status) {
  return make_error(static_cast<Status>(status.error_code()), status.error_message());
}

grpc::ChannelArguments arguments(const ChannelOptions& options) {
  grpc::ChannelArguments out;
  out.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  out.SetMaxSendMessageSize(static_cast<int>(options.message_bytes_max));
  out.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  out.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a channel of ours is a connection of its own
  out.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kBackoffFirstMs);
  out.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
             kConnectTimeoutMs);  // the library's name for the time a try may take
  const bool local = options.target.starts_with("unix:");
  out.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, local ? kLocalBackoffMaxMs : kBackoffMaxMs);
  if (local) {
    // A socket of this machine has no delay to be measured, which takes a ping with every answer.
    out.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    out.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLocalWindowBytes);
  }
  if (options.keepalive > Duration::zero()) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(options.keepalive).count();
    out.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(ms));
    out.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveAnswerMs);
  }
  return out;
}

std::shared_ptr<grpc::ChannelCredentials> credentials(const ChannelOptions& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.tls->ca;
  ssl.pem_cert_chain = options.tls->certificate;
  ssl.pem_private_key = options.tls->key;
  return grpc::SslCredentials(ssl);
}

/// The library's own messages: what matters comes back as a status anyway.
void log_quietly(gpr_log_func_args* message) {
  if (message->severity != GPR_LOG_SEVERITY_ERROR) return;
  if (std::string_view(message->message).starts_with("assertion failed"))
    log::error("rpc", "grpc ends the process", {log::kv("text", message->message)});
  log::verbose(2, "rpc", "grpc", {log::kv("text", message->message)});
}

/// Once, and for ever: shutting the library down after the last channel can take ten seconds.
void start_library() {
  static const bool once = [] {
    gpr_set_log_function(log_quietly);
    grpc_init();
    return true;
  }();
  (void)once;
}

class StreamImpl final : public Stream {
 public:
  StreamImpl(grpc::ChannelInterface& channel, Redial& redial, std::string method, Deadline deadline,
             const CallOptions& options)
      : redial_(redial), method_(std::move(method)) {
    prepare(context_, deadline, options);
    const grpc::internal::RpcMethod rpc(method_.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING);
    call_.reset(grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
        &channel, rpc, &context_));
    on_stop_ = options.stop.on_stop([this] { context_.TryCancel(); });
  }

  ~StreamImpl() override {
    on_stop_.reset();
    if (finished_) return;
    context_.TryCancel();
    (void)call_->Finish();
  }

  bool write(std::string_view message) override { return call_->Write(to_buffer(message)); }
  void writes_done() override { call_->WritesDone(); }

  std::optional<std::string> read() override {
    grpc::ByteBuffer buffer;
    if (!call_->Read(&buffer)) return std::nullopt;
    return from_buffer(buffer);
  }

  Result<void> finish() override {
    finished_ = true;
    const grpc::Status status = call_->Finish();
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) redial_.lost();
    if (!status.ok()) return to_error(status);
    return {};
  }

  void cancel() override { context_.TryCancel(); }

 private:
  Redial& redial_;
  const std::string method_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> call_;
  std::shared_ptr<void> on_stop_;
  bool finished_ = false;
};

}  // namespace

class Channel::Impl {
 public:
  explicit Impl(const ChannelOptions& options)
      : channel_(grpc::CreateCustomChannel(options.target, credentials(options), arguments(options))),
        redial_(channel_),
        stub_(channel_) {}
  ~Impl() {
    Lock lock(m_);
    while (under_way_ > 0) ended_.wait(m_);
  }
  grpc::ChannelInterface& channel() { return *channel_; }
  Redial& redial() { return redial_; }
  grpc::GenericStub& stub() { return stub_; }
  void begin_call() {
    Lock lock(m_);
    ++under_way_;
  }
  void end_call() {
    Lock lock(m_);
    if (--under_way_ == 0) ended_.notify_all();
  }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  Redial redial_;
  grpc::GenericStub stub_;
  Mutex m_;
  CondVar ended_;
  size_t under_way_ MZ_GUARDED_BY(m_) = 0;  ///< calls that nobody waits for
};

namespace {

/// All that a call needs until it is answered. Its address is the tag of its answer.
struct Pending {
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::optional<grpc::ClientContext> context = std::make_optional<grpc::ClientContext>();
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;  ///< lives in the context's call
  std::shared_ptr<void> on_stop;
  std::function<void(Pending&)> told;
  std::shared_ptr<Pending> self;  ///< until it is told
  /// Set last before the library has it. The library hands it on, but only inside, where neither
  /// ThreadSanitizer nor a reader sees how.
  std::atomic<bool> complete = false;
};

void tell_answers(grpc::CompletionQueue& answers) {
  void* tag = nullptr;
  bool ok = false;
  while (answers.Next(&tag, &ok)) {
    auto* const answered = static_cast<Pending*>(tag);
    MZ_CHECK(answered->complete.load(std::memory_order_acquire), "an answer without its call");
    const auto pending = std::move(answered->self);
    pending->told(*pending);
  }
}

/// Where all channels' answers come in, with the one thread that sleeps until one does: the library's own for
/// calls that nobody waits for wake up every second. It is there from the first such call on, for good: a
/// channel may go on it.
grpc::CompletionQueue& answers() {
  static auto* const queue = [] {
    auto* made = new grpc::CompletionQueue();
    run_detached("rpc-answers", [made] { tell_answers(*made); });
    return made;
  }();
  return *queue;
}

}  // namespace

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::open(ChannelOptions options) {
  if (options.target.empty()) return Error(Code::Invalid, "rpc: no address to connect to");
  if (options.tls && options.tls->certificate.empty() != options.tls->key.empty()) {
    return Error(Code::Invalid, "rpc: a client certificate and its key go together");
  }
  start_library();
  return std::unique_ptr<Channel>(new Channel(std::make_unique<Impl>(options)));
}

Result<std::string> Channel::call(std::string_view method, std::string_view request, Deadline deadline,
                                  const CallOptions& options) {
  const std::string name(method);
  grpc::ClientContext context;
  prepare(context, deadline, options);
  const auto on_stop = options.stop.on_stop([&context] { context.TryCancel(); });
  const grpc::internal::RpcMethod rpc(name.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer answer;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall(&impl_->channel(), rpc, &context, to_buffer(request), &answer);
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) impl_->redial().lost();
  if (!status.ok()) return to_error(status);
  return from_buffer(answer);
}

void Channel::call(std::string_view method, std::string_view request, Deadline deadline,
                   const CallOptions& options, std::function<void(Result<std::string>)> done) {
  const auto pending = std::make_shared<Pending>();
  prepare(*pending->context, deadline, options);
  impl_->begin_call();
  pending->on_stop = options.stop.on_stop([weak = std::weak_ptr<Pending>(pending)] {
    if (const auto p = weak.lock()) p->context->TryCancel();
  });
  pending->told = [this, done = std::move(done)](Pending& p) {
    p.on_stop.reset();
    if (p.status.error_code() == grpc::StatusCode::UNAVAILABLE) impl_->redial().lost();
    if (p.status.ok()) {
      done(from_buffer(p.answer));
    } else {
      done(to_error(p.status));
    }
    p.reader.reset();
    p.context.reset();  // it holds the library's channel, whose end waits for this
    impl_->end_call();
  };
  pending->self = pending;
  pending->reader =
      impl_->stub().PrepareUnaryCall(&*pending->context, std::string(method), to_buffer(request), &answers());
  auto& reader = *pending->reader;
  reader.StartCall();
  pending->complete.store(true, std::memory_order_release);
  reader.Finish(&pending->answer, &pending->status, pending.get());
}

std::unique_ptr<Stream> Channel::stream(std::string_view method, Deadline deadline,
                                        const CallOptions& options) {
  return std::make_unique<StreamImpl>(impl_->channel(), impl_->redial(), std::string(method), deadline,
                                      options);
}

}  // namespace mizzen::rpc
