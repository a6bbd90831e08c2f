#include "http/transport/channel.h"

#include <array>

namespace mizzen::http {
namespace {
constexpr size_t kReadBytes = 64 * 1024;  // more than a TLS record, so that nothing decrypted is left behind
constexpr int kReadsPerEvent = 4;         // then others get their turn
constexpr size_t kLongRead = 8 * 1024;    // there is probably more
}  // namespace

Channel::~Channel() { close_socket(); }

void Channel::open(Socket socket) {
  socket_ = std::move(socket);
  socket_.watch->rebind(*this);
}

void Channel::handshake() {
  handshaking_ = true;
  const auto io = socket_.transport->handshake();
  if (io == Transport::Io::Done) {
    handshaking_ = false;
    return on_handshaken();
  }
  if (io == Transport::Io::WantRead) return socket_.watch->want_read();
  if (io == Transport::Io::WantWrite) return socket_.watch->want_write();
  broken();
}

void Channel::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (on && is_open()) socket_.watch->want_read();
}

void Channel::on_readable() {
  if (handshaking_) return handshake();
  if (stuck_) flush();  // TLS may have waited for input
  static thread_local std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReadsPerEvent; ++i) {
    if (!reading_ || !is_open()) return;
    size_t n = 0;
    switch (socket_.transport->read(buffer, n)) {
      case Transport::Io::Done:
        on_input({buffer.data(), n});
        // A short read has most likely emptied the kernel; waiting again finds out without another call.
        if (n < kLongRead) i = kReadsPerEvent;
        break;
      case Transport::Io::WantRead:
        return socket_.watch->want_read();
      case Transport::Io::WantWrite:
        return socket_.watch->want_write();
      case Transport::Io::Eof:
        reading_ = false;
        return on_input_end();
      case Transport::Io::Broken:
        return broken();
    }
  }
  if (reading_ && is_open()) socket_.watch->want_read();
}

void Channel::on_writable() {
  if (handshaking_) return handshake();
  flush();
  if (reading_ && is_open()) socket_.watch->want_read();
}

void Channel::broken() {
  const std::string why = socket_.transport ? socket_.transport->error() : std::string("closed");
  on_broken(why);
}

void Channel::flush() {
  if (!is_open() || handshaking_) return;
  const size_t before = out_.size();
  const auto io = out_.empty() ? Transport::Io::Done : socket_.transport->write(out_);
  if (out_.size() < before) progress_ = true;
  switch (io) {
    case Transport::Io::Done:
      if (stall_timer_ != 0) {
        loop_.cancel(stall_timer_);
        stall_timer_ = 0;
      }
      if (shutdown_wanted_ && !shutdown_done_) {
        shutdown_done_ = true;
        socket_.transport->shutdown_write();
      }
      if (stuck_) {
        stuck_ = false;
        on_drained();
      }
      return;
    case Transport::Io::WantWrite:
    case Transport::Io::WantRead:
      stuck_ = true;
      arm_stall();
      if (io == Transport::Io::WantWrite) {
        socket_.watch->want_write();
      } else {
        socket_.watch->want_read();
      }
      return;
    default:
      broken();
  }
}

void Channel::shutdown_write() {
  shutdown_wanted_ = true;
  flush();
}

void Channel::arm_stall() {
  if (stall_timer_ != 0 || stall_ == Duration::zero()) return;
  progress_ = false;
  stall_timer_ = loop_.after(stall_, [this] {
    stall_timer_ = 0;
    stall_check();
  });
}

void Channel::stall_check() {
  if (!stuck_ || !is_open()) return;
  if (progress_) return arm_stall();
  on_broken("the peer takes no data");
}

void Channel::close_socket() {
  if (stall_timer_ != 0) {
    loop_.cancel(stall_timer_);
    stall_timer_ = 0;
  }
  handshaking_ = false;
  reading_ = false;
  socket_.transport.reset();
  socket_.watch.reset();
  out_.clear();
}

Socket Channel::release() {
  if (stall_timer_ != 0) {
    loop_.cancel(stall_timer_);
    stall_timer_ = 0;
  }
  reading_ = false;
  stuck_ = false;
  return std::move(socket_);
}

}  // namespace mizzen::http
