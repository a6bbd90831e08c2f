// CPU of one loop thread per request, and memory of idle watches, each protocol. Client and server are
// processes of their own, so that the server's figures are the server's alone.
//   http_bench [requests] [watches]
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "async/thread.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "http/testing/certificates.h"

namespace {

using namespace mizzen;
using namespace mizzen::http;

struct Case {
  const char* name;
  bool tls;
  bool http2;
};
constexpr Case kCases[] = {
    {"HTTP/1.1", false, false}, {"HTTP/1.1 TLS", true, false}, {"HTTP/2 TLS", true, true}};
constexpr int kClientThreads = 8;
constexpr int kEvents = 50;

/// What the client process is told through its pipe.
struct Order {
  uint16_t port;
  int kind;  // 0: requests, 1: watches, 2: end
  int which;
  int count;
};

void tell(int fd, const void* data, size_t n) {
  if (::write(fd, data, n) != static_cast<ssize_t>(n)) std::abort();
}
void hear(int fd, void* data, size_t n) {
  if (::read(fd, data, n) != static_cast<ssize_t>(n)) std::exit(0);
}

void client_process(int orders, int answers, const std::string& ca) {
  Loops loops({.clock = real_clock(), .random = secure_random()});
  for (;;) {
    Order order{};
    hear(orders, &order, sizeof order);
    if (order.kind == 2) return;
    const Case& c = kCases[order.which];
    Client::Options options;
    options.tls = {.ca_pem = ca, .http2 = c.http2};
    options.connections_per_target_max = 100'000;
    Client client(loops, options);
    const Target target{.tls = c.tls, .host = "127.0.0.1", .port = order.port};
    std::vector<std::unique_ptr<ResponseReader>> open;
    if (order.kind == 0) {
      std::vector<Thread> threads;
      std::atomic<int> left = order.count;
      for (int t = 0; t < kClientThreads; ++t)
        threads.emplace_back("client", [&] {
          while (left.fetch_sub(1) > 0)
            if (!client.request({.target = target, .path = "/small"}, {}).ok()) std::abort();
        });
    } else {
      for (int i = 0; i < order.count; ++i) {
        auto reader = client.open({.target = target, .path = "/watch"}, {});
        if (!reader.ok()) {
          fmt::print(stderr, "{}\n", reader.error().message());
          std::abort();
        }
        open.push_back(std::move(*reader));
      }
    }
    tell(answers, "x", 1);
    char go = 0;
    hear(orders, &go, 1);  // the server has looked at its memory
    open.clear();
    client.stop();
    tell(answers, "x", 1);
  }
}

double thread_cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// The loop thread's CPU so far.
double loop_cpu_us(Loop& loop) {
  std::atomic<double> out = -1;
  loop.post([&] { out = thread_cpu_us(); });
  while (out < 0) StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const int requests = argc > 1 ? std::atoi(argv[1]) : 50'000;
  const int watches = argc > 2 ? std::atoi(argv[2]) : 1'000;
  http::testing::TestCa ca;
  const auto id = ca.issue({.common_name = "server", .names = {"IP:127.0.0.1"}});
  int orders[2];
  int answers[2];
  if (::pipe(orders) != 0 || ::pipe(answers) != 0) return 1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(orders[1]);
    client_process(orders[0], answers[1], ca.pem());
    ::_exit(0);
  }
  mallopt(M_ARENA_MAX, 2);
  Loops loops({.clock = real_clock(), .random = secure_random()});
  const Slice small(std::string(254, 's'));
  Mutex m;
  std::vector<StreamPtr> streams;
  fmt::print("{:14} {:>22} {:>18} {:>22} {:>22}\n", "", "loop CPU us/request", "requests/s",
             "KiB per idle watch", "loop CPU us/event");
  for (int which = 0; which < 3; ++which) {
    const Case& c = kCases[which];
    Server::Options options;
    if (c.tls) options.tls = ServerTlsOptions{.certificate_pem = id.certificate_pem, .key_pem = id.key_pem};
    options.streams_max = 100;
    Server server(loops, options, [&](ExchangePtr e) {
      if (e->request().path == "/small")
        return e->respond(200, {{"Content-Type", "application/json"}}, small);
      StreamPtr s = e->start_stream(200, {{"Content-Type", "application/json"}});
      Lock lock(m);
      streams.push_back(std::move(s));
    });
    if (!server.start().ok()) return 1;
    char done = 0;
    Order order{server.port(), 0, which, requests};
    double cpu = loop_cpu_us(loops.at(0));
    const Monotonic begun = real_clock().monotonic();
    tell(orders[1], &order, sizeof order);
    hear(answers[0], &done, 1);
    const double seconds = std::chrono::duration<double>(real_clock().monotonic() - begun).count();
    cpu = (loop_cpu_us(loops.at(0)) - cpu) / requests;
    tell(orders[1], "g", 1);
    hear(answers[0], &done, 1);

    streams.reserve(static_cast<size_t>(watches));
    const size_t before = mallinfo2().uordblks;
    order = {server.port(), 1, which, watches};
    tell(orders[1], &order, sizeof order);
    hear(answers[0], &done, 1);
    const double bytes = static_cast<double>(mallinfo2().uordblks - before) / watches;
    // Fan-out: each event goes to every watch with one wake-up.
    std::vector<std::pair<Stream*, Slice>> writes;
    for (const StreamPtr& s : streams) writes.emplace_back(s.get(), small);
    const double fan_before = loop_cpu_us(loops.at(0));
    for (int i = 0; i < kEvents; ++i) {
      for (const Stream::Write w : Stream::write_batch(writes))
        if (w != Stream::Write::Ok) return 1;
      loop_cpu_us(loops.at(0));  // let it go out
    }
    const double fan = (loop_cpu_us(loops.at(0)) - fan_before) / kEvents / watches;
    tell(orders[1], "g", 1);
    hear(answers[0], &done, 1);
    fmt::print("{:14} {:>22.1f} {:>18.0f} {:>22.2f} {:>22.2f}\n", c.name, cpu, requests / seconds,
               bytes / 1024, fan);
    streams.clear();
    server.stop(Deadline::after(std::chrono::seconds(1), real_clock()));
  }
  const Order end{0, 2, 0, 0};
  tell(orders[1], &end, sizeof end);
  ::waitpid(child, nullptr, 0);
  return 0;
}
