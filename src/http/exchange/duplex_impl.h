#pragma once
#include <memory>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "http/exchange/duplex.h"
#include "http/transport/channel.h"

namespace mizzen::http {

/// Role: the loop's side of a Duplex. It keeps itself alive while its socket is open; the handle that users
/// hold only refers to it and closes it when dropped. Threading: as the sections say.
class DuplexImpl final : public Channel, public std::enable_shared_from_this<DuplexImpl> {
 public:
  explicit DuplexImpl(Loop& loop) : Channel(loop, Duration::zero()) {}

  // On the loop.
  /// Takes the connection: `out` goes first, `input` is what was read beyond the header.
  void attach(Socket socket, OutQueue out, std::string input);
  void fail(const Error& error) { end(error); }
  /// Runs once on the loop when it is over; for owners that count.
  void on_end(std::function<void()> f) { on_end_ = std::move(f); }

  // Any thread.
  void start(Duplex::Callbacks callbacks);
  Duplex::Write write(Slice slice);
  size_t buffered_bytes() const;
  void set_paused(bool paused);
  void request_shutdown();
  void request_close();
  void request_cut();
  Loop& loop() { return loop_; }

 private:
  void on_handshaken() override {}
  void on_input(std::string_view bytes) override;
  void on_input_end() override;
  void on_drained() override { run_out(); }
  void on_broken(const std::string& why) override;

  template <typename F>
  void on_loop(F f);
  void wake();
  void run_out();
  void deliver_early_input();
  void tell_drained();
  void update_reading();
  void arm_linger(size_t waiting_before);
  void end(const Error& error);

  mutable Mutex m_;
  std::vector<Slice> queue_ MZ_GUARDED_BY(m_);
  size_t buffered_ MZ_GUARDED_BY(m_) = 0;
  bool was_high_ MZ_GUARDED_BY(m_) = false;
  bool scheduled_ MZ_GUARDED_BY(m_) = false;
  bool closed_to_writes_ MZ_GUARDED_BY(m_) = false;

  // Loop only.
  Duplex::Callbacks callbacks_;
  bool started_ = false;
  bool drained_untold_ = false;  ///< there was room again before start() said whom to tell
  bool paused_ = false;
  bool shut_wanted_ = false;
  bool shut_done_ = false;
  bool closing_ = false;
  bool eof_ = false;
  bool ended_ = false;
  std::optional<Error> end_error_;
  std::string early_input_;
  std::vector<Slice> moving_;  ///< taken from queue_, on their way into out_
  size_t moving_first_ = 0;
  Loop::TimerId linger_timer_ = 0;
  std::function<void()> on_end_;
  std::shared_ptr<DuplexImpl> self_;
};

DuplexPtr make_duplex(std::shared_ptr<DuplexImpl> impl);

}  // namespace mizzen::http
