#include "http/client/whole_answer.h"

#include <algorithm>
#include <utility>

namespace mizzen::http {

void WholeAnswer::begin(std::shared_ptr<ClientCall> call, size_t bytes_max, const CallContext& context,
                        Done done) {
  Loop& loop = call->loop;
  const std::shared_ptr<WholeAnswer> self(
      new WholeAnswer(std::move(call), bytes_max, context, std::move(done)));
  loop.post([self] { self->start(); });
}

void WholeAnswer::start() {
  if (!context_.deadline.is_never()) {
    timer_ =
        call_->loop.after(std::max(context_.deadline.left(), Duration::zero()), [self = shared_from_this()] {
          self->timer_ = 0;
          const Error why(Code::Timeout, "context deadline exceeded");
          self->end(&why);
        });
  }
  on_stop_ = context_.stop.on_stop([weak = weak_from_this(), &loop = call_->loop] {
    auto self = weak.lock();
    if (!self) return;
    loop.post([self = std::move(self)] {
      const Error why(Code::Cancelled, "context canceled");
      self->end(&why);
    });
  });
  read();
}

void WholeAnswer::read() {
  while (done_) {
    if (body_.size() >= bytes_max_) return end(nullptr);
    const auto got =
        call_->take([self = shared_from_this()] { self->call_->loop.post([self] { self->read(); }); });
    if (!got) return;
    if (!got->ok()) return end(&got->error());
    if ((*got)->empty()) return end(nullptr);
    body_.append(**got, 0, bytes_max_ - body_.size());
  }
}

void WholeAnswer::end(const Error* why) {
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  if (timer_ != 0) call_->loop.cancel(std::exchange(timer_, 0));
  on_stop_.reset();
  // Copied: `why` may live in what goes now.
  Result<Response> result =
      why != nullptr
          ? Result<Response>(*why)
          : Result<Response>(Response{call_->status(), call_->response_headers(), std::move(body_)});
  call_->cancel(Error(Code::Cancelled, "context canceled"));
  done(std::move(result));
}

}  // namespace mizzen::http
