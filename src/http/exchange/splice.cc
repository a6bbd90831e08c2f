#include <atomic>

#include "http/exchange/duplex.h"

namespace mizzen::http {
namespace {

/// Joins two duplexes; alive while either has callbacks.
struct Splice {
  DuplexPtr a;
  DuplexPtr b;
  std::function<void()> done;
  std::atomic<int> ended = 0;

  void wire(const std::shared_ptr<Splice>& self, bool from_a) {
    Duplex* from = (from_a ? a : b).get();
    Duplex* to = (from_a ? b : a).get();
    // Raw pointers: `self` in each closure keeps both alive, and closures go when their side has closed.
    from->start({
        .on_data =
            [self, from, to](std::string_view bytes) {
              if (to->write(Slice(std::string(bytes))) != Duplex::Write::Ok) return from->close();
              if (to->buffered_bytes() * 2 > to->buffer_bytes_max()) from->pause();
            },
        // Closed, not half-closed, after what was read: a runtime whose client has gone does not answer a
        // half-close, and the session would stay as long as its container.
        .on_eof = [self, to] { to->close(); },
        .on_drained = [self, to] { to->resume(); },
        .on_closed =
            [self, to](const Error&) {
              to->close();
              if (self->ended.fetch_add(1) == 1 && self->done) self->done();
            },
    });
  }
};

}  // namespace

void splice(DuplexPtr a, DuplexPtr b, std::function<void()> done) {
  auto s = std::make_shared<Splice>();
  s->a = std::move(a);
  s->b = std::move(b);
  s->done = std::move(done);
  s->wire(s, true);
  s->wire(s, false);
}

}  // namespace mizzen::http
