#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "http/loop/loop.h"
#include "http/transport/out_queue.h"
#include "http/transport/transport.h"

namespace mizzen::http {

/// A connected descriptor with its transport, ready to change hands on one loop.
struct Socket {
  std::unique_ptr<Watch> watch;
  std::unique_ptr<Transport> transport;  ///< refers to the watch's descriptor: destroyed first
};

/// Role: the byte side of every connection: drives the handshake, reads when asked, writes what `out_` holds,
/// and tells its derived class. Base of server connections, client connections and duplexes. Threading:
/// confined to the loop. Derived objects are destroyed from the loop's queue, never inside an event. Bounds:
/// one read buffer per loop thread; `out_` is bounded by the derived class; output that no one takes for
/// `stall` breaks the connection.
class Channel : public FdEvents {
 public:
  Channel(Loop& loop, Duration stall) : loop_(loop), stall_(stall) {}
  virtual ~Channel();

 protected:
  virtual void on_handshaken() = 0;
  virtual void on_input(std::string_view bytes) = 0;
  virtual void on_input_end() = 0;
  /// `out_` has become empty after flush() could not empty it.
  virtual void on_drained() = 0;
  /// The connection is of no use any more; `why` is for people.
  virtual void on_broken(const std::string& why) = 0;

  void open(Socket socket);
  void handshake();
  void set_reading(bool on);
  bool reading() const { return reading_; }
  /// Writes what it can; the rest follows by itself.
  void flush();
  /// After what is in `out_`.
  void shutdown_write();
  bool is_open() const { return socket_.watch != nullptr; }
  void close_socket();
  Socket release();

  Loop& loop_;
  OutQueue out_;
  Socket socket_;

 private:
  void on_readable() final;
  void on_writable() final;
  void arm_stall();
  void stall_check();
  void broken();

  const Duration stall_;
  Loop::TimerId stall_timer_ = 0;
  bool handshaking_ = false;
  bool reading_ = false;
  bool stuck_ = false;     ///< flush() left something
  bool progress_ = false;  ///< since the stall timer was armed
  bool shutdown_wanted_ = false;
  bool shutdown_done_ = false;
};

}  // namespace mizzen::http
