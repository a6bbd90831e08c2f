#pragma once
#include <functional>
#include <memory>
#include <string>

#include "http/client/client.h"
#include "http/client/client_call.h"

namespace mizzen::http {

/// Role: reads the body of an answer, up to a bound beyond which nothing is read, without a thread.
/// Threading: confined to the loop of its call. Lifecycle: it keeps itself until it has told, once.
class WholeAnswer : public std::enable_shared_from_this<WholeAnswer> {
 public:
  using Done = std::function<void(Result<Response>)>;
  /// From any thread; `done` is called on a loop.
  static void begin(std::shared_ptr<ClientCall> call, size_t bytes_max, const CallContext& context,
                    Done done);

 private:
  WholeAnswer(std::shared_ptr<ClientCall> call, size_t bytes_max, const CallContext& context, Done done)
      : call_(std::move(call)), bytes_max_(bytes_max), context_(context), done_(std::move(done)) {}
  void start();
  void read();
  void end(const Error* why);

  const std::shared_ptr<ClientCall> call_;
  const size_t bytes_max_;
  const CallContext context_;
  Done done_;
  std::string body_;
  Loop::TimerId timer_ = 0;
  std::shared_ptr<void> on_stop_;
};

}  // namespace mizzen::http
