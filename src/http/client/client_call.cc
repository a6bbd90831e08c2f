#include "http/client/client_call.h"

#include <utility>

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

void ClientCall::on_head(std::function<void()> f) {
  Lock lock(m_);
  on_head_ = std::move(f);
}

Result<void> ClientCall::head() const {
  Lock lock(m_);
  if (!head_) return error_.value_or(Error(Code::InternalError, "the answer is not there yet"));
  return {};
}

std::optional<Result<std::string>> ClientCall::take_waiting(bool& was_full) {
  if (cancelled_ || (buffer_.empty() && error_)) return Result<std::string>(*error_);
  if (buffer_.empty()) return ended_ ? std::optional(Result<std::string>(std::string())) : std::nullopt;
  was_full = buffer_.size() >= kReaderBufferBytes;
  return Result<std::string>(std::exchange(buffer_, {}));
}

void ClientCall::tell_taken(size_t n, bool was_full) {
  taken_ += n;
  if (!was_full && taken_ < kTellEvery) return;
  loop.post([self = shared_from_this(), taken = std::exchange(taken_, 0)] {
    if (self->connection != nullptr) self->connection->consumed(*self, taken);
  });
}

Result<std::string> ClientCall::read(const CallContext& context) {
  const std::shared_ptr<void> stopping = context.stop.on_stop(
      [self = shared_from_this()] { self->cancel(Error(Code::Cancelled, "context canceled")); });
  std::optional<Result<std::string>> out;
  bool was_full = false;
  {
    Lock lock(m_);
    while (!(out = take_waiting(was_full))) MZ_TRY(wait(context));
  }
  if (out->ok()) tell_taken((*out)->size(), was_full);
  return std::move(*out);
}

std::optional<Result<std::string>> ClientCall::take(std::function<void()> ready) {
  std::optional<Result<std::string>> out;
  bool was_full = false;
  {
    Lock lock(m_);
    out = take_waiting(was_full);
    if (!out) ready_ = std::move(ready);
  }
  if (out && out->ok()) tell_taken((*out)->size(), was_full);
  return out;
}

std::function<void()> ClientCall::wake() {
  changed_.notify_all();
  return std::exchange(ready_, nullptr);
}

void ClientCall::cancel(Error why) {
  std::function<void()> unwanted, headless;  // who cancels asks no more; what they hold goes without the lock
  {
    Lock lock(m_);
    if (cancelled_) return;
    cancelled_ = true;
    if (!error_) error_ = std::move(why);
    buffer_ = std::string();
    unwanted = wake();
    headless = std::exchange(on_head_, nullptr);
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
  std::function<void()> told;
  {
    Lock lock(m_);
    status_ = status;
    response_headers_ = std::move(headers);
    head_ = true;
    told = std::exchange(on_head_, nullptr);
  }
  if (told) told();
}

bool ClientCall::bytes_in(std::string_view bytes) {
  std::function<void()> ready;
  bool full = false;
  {
    Lock lock(m_);
    if (cancelled_) return false;
    buffer_.append(bytes);
    full = buffer_.size() >= kReaderBufferBytes;
    ready = wake();
  }
  if (ready) ready();
  return full;
}

void ClientCall::ended() {
  std::function<void()> ready;
  {
    Lock lock(m_);
    ended_ = true;
    ready = wake();
  }
  if (ready) ready();
}

void ClientCall::failed(Error error, bool retry_safe) {
  std::function<void()> ready, told;
  {
    Lock lock(m_);
    if (ended_) return;
    retry_safe_ = retry_safe && !head_ && !cancelled_;
    if (!error_) error_ = std::move(error);
    ready = wake();
    told = std::exchange(on_head_, nullptr);
  }
  if (told) told();
  if (ready) ready();
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
