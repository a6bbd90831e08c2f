#include "http/exchange/duplex_impl.h"

#include <utility>

namespace mizzen::http {

template <typename F>
void DuplexImpl::on_loop(F f) {
  if (loop_.on_thread()) return f(*this);
  loop_.post([self = shared_from_this(), f = std::move(f)]() mutable { f(*self); });
}

void DuplexImpl::attach(Socket socket, OutQueue out, std::string input) {
  if (ended_) {
    const std::function<void()> on_end = std::move(on_end_);
    on_end_ = nullptr;
    if (on_end) on_end();
    return;
  }
  self_ = shared_from_this();
  open(std::move(socket));
  out_ = std::move(out);
  early_input_ = std::move(input);
  flush();
  if (is_open()) run_out();
  if (started_ && is_open()) {
    deliver_early_input();
    update_reading();
  }
}

void DuplexImpl::start(Duplex::Callbacks callbacks) {
  on_loop([callbacks = std::move(callbacks)](DuplexImpl& d) mutable {
    if (d.started_) return;
    d.started_ = true;
    if (d.ended_) {
      if (callbacks.on_closed) callbacks.on_closed(*d.end_error_);
      return;
    }
    d.callbacks_ = std::move(callbacks);
    if (!d.is_open()) return;  // attach() goes on
    // Not from inside the caller: it may not be ready for its first callback yet.
    d.loop_.post([self = d.shared_from_this()] {
      if (std::exchange(self->drained_untold_, false)) self->tell_drained();
      self->deliver_early_input();
      self->update_reading();
    });
  });
}

/// Whoever paused its source because this side was full waits for it, also one who wrote before start().
void DuplexImpl::tell_drained() {
  if (callbacks_.on_drained) return callbacks_.on_drained();
  drained_untold_ = !started_;
}

void DuplexImpl::deliver_early_input() {
  if (early_input_.empty() || paused_ || ended_ || closing_) return;
  const std::string bytes = std::move(early_input_);
  early_input_ = std::string();
  if (callbacks_.on_data) callbacks_.on_data(bytes);
}

void DuplexImpl::update_reading() {
  if (!is_open() || eof_) return;
  set_reading(closing_ || (started_ && !paused_));
}

Duplex::Write DuplexImpl::write(Slice slice) {
  {
    Lock lock(m_);
    if (closed_to_writes_) return Duplex::Write::Closed;
    if (slice.empty()) return Duplex::Write::Ok;
    if (buffered_ > 0 && buffered_ + slice.size() > kDuplexBufferBytesMax) {
      was_high_ = true;
      return Duplex::Write::Full;
    }
    buffered_ += slice.size();
    if (buffered_ * 2 > kDuplexBufferBytesMax) was_high_ = true;
    queue_.push_back(std::move(slice));
    if (scheduled_) return Duplex::Write::Ok;
    scheduled_ = true;
  }
  wake();
  return Duplex::Write::Ok;
}

void DuplexImpl::wake() {
  loop_.post([self = shared_from_this()] {
    {
      Lock lock(self->m_);
      self->scheduled_ = false;
    }
    self->run_out();
  });
}

size_t DuplexImpl::buffered_bytes() const {
  Lock lock(m_);
  return buffered_;
}

void DuplexImpl::run_out() {
  if (!is_open()) return;
  bool drained = false;
  for (;;) {
    while (out_.size() < kOutHighWater) {
      if (moving_first_ == moving_.size()) {
        moving_.clear();
        moving_first_ = 0;
        Lock lock(m_);
        moving_.swap(queue_);
      }
      if (moving_.empty()) break;
      const Slice slice = std::move(moving_[moving_first_++]);
      out_.append_slice(slice);
      Lock lock(m_);
      buffered_ -= slice.size();
      if (was_high_ && buffered_ * 2 < kDuplexBufferBytesMax) {
        was_high_ = false;
        drained = true;
      }
    }
    flush();
    if (!is_open()) return;
    if (!out_.empty()) break;  // on_drained() comes back
    Lock lock(m_);
    if (queue_.empty() && moving_first_ == moving_.size()) break;
  }
  const bool all_out = out_.empty() && moving_first_ == moving_.size();
  if (all_out && shut_wanted_ && !shut_done_) {
    shut_done_ = true;
    shutdown_write();
    if (!is_open()) return;
    if (eof_) return end(Error(Code::Cancelled, "both sides have closed"));
  }
  if (drained) tell_drained();
}

void DuplexImpl::on_input(std::string_view bytes) {
  if (closing_) return;
  if (callbacks_.on_data) callbacks_.on_data(bytes);
}

void DuplexImpl::on_input_end() {
  eof_ = true;
  if (!closing_ && callbacks_.on_eof) {
    const std::function<void()> told = callbacks_.on_eof;
    told();
  }
  if (ended_) return;
  if (closing_ || shut_done_) return end(Error(Code::Cancelled, "both sides have closed"));
  if (!callbacks_.on_eof) request_close();
}

void DuplexImpl::on_broken(const std::string& why) { end(Error(Code::ServiceUnavailable, why)); }

void DuplexImpl::set_paused(bool paused) {
  on_loop([paused](DuplexImpl& d) {
    d.paused_ = paused;
    if (!paused && !d.early_input_.empty() && d.started_) {
      d.loop_.post([self = d.shared_from_this()] {
        self->deliver_early_input();
        self->update_reading();
      });
      return;
    }
    d.update_reading();
  });
}

void DuplexImpl::request_shutdown() {
  {
    Lock lock(m_);
    closed_to_writes_ = true;
  }
  on_loop([](DuplexImpl& d) {
    d.shut_wanted_ = true;
    d.run_out();
  });
}

void DuplexImpl::request_close() {
  {
    Lock lock(m_);
    closed_to_writes_ = true;
  }
  on_loop([](DuplexImpl& d) {
    if (d.closing_ || d.ended_) return;
    d.closing_ = true;
    d.shut_wanted_ = true;
    if (!d.is_open()) return d.end(Error(Code::Cancelled, "closed"));
    d.arm_linger(SIZE_MAX);
    d.update_reading();
    d.run_out();
  });
}

void DuplexImpl::arm_linger(size_t waiting_before) {
  linger_timer_ = loop_.after(kDuplexLinger, [this, waiting_before] {
    linger_timer_ = 0;
    const size_t now = buffered_bytes() + out_.size();
    if (now > 0 && now < waiting_before)
      return arm_linger(now);  // the peer is slow, but it takes what we said
    end(Error(Code::Cancelled, "closed"));
  });
}

void DuplexImpl::request_cut() {
  on_loop([](DuplexImpl& d) { d.end(Error(Code::Cancelled, "closed")); });
}

void DuplexImpl::end(const Error& error) {
  if (ended_) return;
  ended_ = true;
  end_error_ = error;
  if (linger_timer_ != 0) loop_.cancel(linger_timer_);
  linger_timer_ = 0;
  {
    Lock lock(m_);
    closed_to_writes_ = true;
    queue_.clear();
    buffered_ = 0;
  }
  moving_.clear();
  moving_first_ = 0;
  close_socket();
  Duplex::Callbacks callbacks = std::move(callbacks_);
  callbacks_ = {};
  std::function<void()> on_end = std::move(on_end_);
  on_end_ = nullptr;
  if (callbacks.on_closed) callbacks.on_closed(error);
  if (on_end) on_end();
  // Both may hold what we are inside of: let them go from the loop's queue.
  loop_.post([self = std::move(self_), callbacks = std::move(callbacks)] {});
}

namespace {

class DuplexHandle final : public Duplex {
 public:
  explicit DuplexHandle(std::shared_ptr<DuplexImpl> impl) : impl_(std::move(impl)) {}
  ~DuplexHandle() override { impl_->request_close(); }
  Loop& loop() override { return impl_->loop(); }
  void start(Callbacks callbacks) override { impl_->start(std::move(callbacks)); }
  Write write(Slice slice) override { return impl_->write(std::move(slice)); }
  size_t buffered_bytes() const override { return impl_->buffered_bytes(); }
  size_t buffer_bytes_max() const override { return kDuplexBufferBytesMax; }
  void pause() override { impl_->set_paused(true); }
  void resume() override { impl_->set_paused(false); }
  void shutdown_write() override { impl_->request_shutdown(); }
  void close() override { impl_->request_close(); }
  void cut() override { impl_->request_cut(); }

 private:
  std::shared_ptr<DuplexImpl> impl_;
};

}  // namespace

DuplexPtr make_duplex(std::shared_ptr<DuplexImpl> impl) {
  return std::make_shared<DuplexHandle>(std::move(impl));
}

}  // namespace mizzen::http
