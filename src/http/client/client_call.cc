#include "http/client/client_call.h"

#include "http/client/client_conn.h"

namespace mizzen::http {
namespace {
constexpr size_t kTellEvery = 32 * 1024;
}

Result<void> ClientCall::wait(const CallContext& context) {
  if (context.deadline.expired()) return Error(Code::Timeout, "context deadline exceeded");
  changed_.wait_until(m_, context.deadline);
  return {};
}

Result<void> ClientCall::wait_head(const CallContext& context) {
  const std::shared_ptr<void> stopping = context.stop.on_stop(
      [self = shared_from_this()] { self->cancel(Error(Code::Cancelled, "context canceled")); });
  Lock lock(m_);
  while (!head_ && !error_) MZ_TRY(wait(context));
  if (!head_) return *error_;
  return {};
}

Result<std::string> ClientCall::read(const CallContext& context) {
  const std::shared_ptr<void> stopping = context.stop.on_stop(
      [self = shared_from_this()] { self->cancel(Error(Code::Cancelled, "context canceled")); });
  std::string out;
  bool was_full = false;
  {
    Lock lock(m_);
    while (buffer_.empty() && !ended_ && !error_) MZ_TRY(wait(context));
    if (cancelled_) return *error_;
    if (buffer_.empty()) {
      if (error_) return *error_;
      return std::string();
    }
    was_full = buffer_.size() >= kReaderBufferBytes;
    out.swap(buffer_);
  }
  taken_ += out.size();
  if (was_full || taken_ >= kTellEvery) {
    loop.post([self = shared_from_this(), n = std::exchange(taken_, 0)] {
      if (self->connection != nullptr) self->connection->consumed(*self, n);
    });
  }
  return out;
}

void ClientCall::cancel(Error why) {
  {
    Lock lock(m_);
    if (cancelled_) return;
    cancelled_ = true;
    if (!error_) error_ = std::move(why);
    buffer_ = std::string();
    changed_.notify_all();
    if (ended_) return;  // nothing on the loop to end
  }
  loop.post([self = shared_from_this()] {
    if (self->connection != nullptr) self->connection->cancel(*self);
  });
}

bool ClientCall::retry_safe() const {
  Lock lock(m_);
  return retry_safe_;
}

void ClientCall::head_in(int status, Headers headers) {
  Lock lock(m_);
  status_ = status;
  response_headers_ = std::move(headers);
  head_ = true;
  changed_.notify_all();
}

bool ClientCall::bytes_in(std::string_view bytes) {
  Lock lock(m_);
  if (cancelled_) return false;
  buffer_.append(bytes);
  changed_.notify_all();
  return buffer_.size() >= kReaderBufferBytes;
}

void ClientCall::ended() {
  Lock lock(m_);
  ended_ = true;
  changed_.notify_all();
}

void ClientCall::failed(Error error, bool retry_safe) {
  Lock lock(m_);
  if (ended_) return;
  retry_safe_ = retry_safe && !head_ && !cancelled_;
  if (!error_) error_ = std::move(error);
  changed_.notify_all();
}

bool ClientCall::cancelled() const {
  Lock lock(m_);
  return cancelled_;
}

bool ClientCall::has_head() const {
  Lock lock(m_);
  return head_;
}

bool ClientCall::full() const {
  Lock lock(m_);
  return buffer_.size() >= kReaderBufferBytes;
}

}  // namespace mizzen::http
