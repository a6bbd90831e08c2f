#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/mutex.h"
#include "http/client/client.h"
#include "http/h2/h2_session.h"

namespace mizzen::http {

class ClientConn;

/// Role: one request on its way: the blocking caller on one side, its connection's loop on the other.
/// Threading: each function says its side; the shared part is guarded.
/// Bounds: kReaderBufferBytes of body wait, then the connection holds the peer back.
class ClientCall : public std::enable_shared_from_this<ClientCall> {
 public:
  ClientCall(std::string method, std::string authority, bool tls, std::string path, Headers headers,
             Body body, Loop& loop)
      : method(std::move(method)),
        authority(std::move(authority)),
        tls(tls),
        path(std::move(path)),
        headers(std::move(headers)),
        body(std::move(body)),
        loop(loop) {}

  const std::string method;
  const std::string authority;
  const bool tls;
  const std::string path;
  const Headers headers;
  const Body body;
  Loop& loop;

  // Caller's side.
  /// Before the start: `f` is called once, on the loop, when the header is in or will not come; not after a
  /// cancel().
  void on_head(std::function<void()> f);
  /// Once on_head was told.
  Result<void> head() const;
  Result<std::string> read(const CallContext& context);
  /// What waits; nothing where nothing does: then `ready` is called once, on the loop, when something comes.
  std::optional<Result<std::string>> take(std::function<void()> ready);
  /// Ends it; later reads say `why`.
  void cancel(Error why);
  int status() const { return status_; }  ///< once head() is ok
  const Headers& response_headers() const { return response_headers_; }
  /// True where the server surely did nothing with it.
  bool retry_safe() const;

  // Loop's side.
  ClientConn* connection = nullptr;  ///< null before the start and after the end
  int32_t stream_id = 0;             ///< HTTP/2
  H2Pending pending;                 ///< HTTP/2: what is left of the body
  void head_in(int status, Headers headers);
  /// True where the buffer is full.
  bool bytes_in(std::string_view bytes);
  void ended();
  void failed(Error error, bool retry_safe);
  bool cancelled() const;
  bool has_head() const;
  bool full() const;

 private:
  Result<void> wait(const CallContext& context) MZ_REQUIRES(m_);
  /// Nothing where nothing waits; `was_full`: the connection holds the peer back.
  std::optional<Result<std::string>> take_waiting(bool& was_full) MZ_REQUIRES(m_);
  /// Gives the connection room for what the caller has taken.
  void tell_taken(size_t n, bool was_full);
  /// Wakes who waits in either way; what comes back is to be called without the lock.
  [[nodiscard]] std::function<void()> wake() MZ_REQUIRES(m_);

  mutable Mutex m_;
  CondVar changed_;
  bool head_ MZ_GUARDED_BY(m_) = false;
  bool ended_ MZ_GUARDED_BY(m_) = false;
  bool cancelled_ MZ_GUARDED_BY(m_) = false;
  bool retry_safe_ MZ_GUARDED_BY(m_) = false;
  std::optional<Error> error_ MZ_GUARDED_BY(m_);
  std::string buffer_ MZ_GUARDED_BY(m_);
  std::function<void()> ready_ MZ_GUARDED_BY(m_);
  std::function<void()> on_head_ MZ_GUARDED_BY(m_);
  size_t taken_ = 0;  ///< caller's: bytes not yet told to the loop
  int status_ = 0;    ///< written before head_
  Headers response_headers_;
};

}  // namespace mizzen::http
