// One kind of load on a Kubernetes API server, ours or another: prints one line of JSON with what it took.
// bench/api starts the servers and sets their CPU against it.
//   api_load ADDRESS PORT CA CERTIFICATE KEY get PATH COUNT
//   api_load ... list PATH COUNT [ACCEPT]
//   api_load ... create PATH BODY-FILE PREFIX COUNT      $NAME in the body is PREFIX-n
//   api_load ... patch PATH BODY-FILE PREFIX COUNT       merge patch of PATH/PREFIX-n; $N in the body is
//   random api_load ... watch PATH WATCHERS BODY-FILE PREFIX COUNT   COUNT creations seen by WATCHERS
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/file.h"
#include "base/random.h"
#include "base/strings.h"
#include "http/client/client.h"

namespace {

using namespace mizzen;
using namespace mizzen::http;

constexpr int kConnections = 4;
constexpr int kStreams = 8;  ///< calls at once on each connection

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "api_load: {}\n", why);
  std::exit(1);
}

std::string content(const char* path) {
  auto text = read_file(path);
  if (!text.ok()) fail(text.error().message());
  return std::move(*text);
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// What a run of calls came to.
struct Tally {
  std::vector<double> micros;
  size_t bytes = 0;
};

/// Role: sends calls from kConnections * kStreams threads, each the next as soon as one is answered (closed
/// loop). Threading: used from main.
class Load {
 public:
  Load(char** argv)
      : target_{.tls = true, .host = argv[1], .port = parse_int<uint16_t>(argv[2]).value_or(0)} {
    for (int i = 0; i < kConnections; ++i) {
      Client::Options options;
      options.tls = {.ca_pem = content(argv[3]),
                     .certificate_pem = content(argv[4]),
                     .key_pem = content(argv[5]),
                     .http2 = true};
      options.connections_per_target_max = 10'000;
      options.body_bytes_max = size_t{1} << 30;
      clients_.push_back(std::make_unique<Client>(loops_, options));
    }
  }

  template <typename MakeRequest>
  Tally run(int count, int expected_status, MakeRequest make, int per_connection = kStreams) {
    Tally total;
    Mutex m;
    std::atomic<int> next = 0;
    std::vector<Thread> threads;
    for (int t = 0; t < kConnections * per_connection; ++t)
      threads.emplace_back("load", [&, t] {
        Tally mine;
        for (int i = next++; i < count; i = next++) {
          const Monotonic begun = real_clock().monotonic();
          const auto r = clients_[static_cast<size_t>(t % kConnections)]->request(make(i), {});
          if (!r.ok()) fail(r.error().message());
          if (r->status != expected_status) fail(fmt::format("status {}: {:.300}", r->status, r->body));
          mine.micros.push_back(
              std::chrono::duration<double, std::micro>(real_clock().monotonic() - begun).count());
          mine.bytes += r->body.size();
        }
        Lock lock(m);
        total.micros.insert(total.micros.end(), mine.micros.begin(), mine.micros.end());
        total.bytes += mine.bytes;
      });
    threads.clear();  // joins
    return total;
  }

  std::unique_ptr<ResponseReader> open(int i, const std::string& path) {
    auto r = clients_[static_cast<size_t>(i % kConnections)]->open({.target = target_, .path = path}, {});
    if (!r.ok()) fail(r.error().message());
    if ((*r)->status() != 200) fail(fmt::format("watch: status {}", (*r)->status()));
    return std::move(*r);
  }

  const Target& target() const { return target_; }

 private:
  Target target_;
  Loops loops_{{}};
  std::vector<std::unique_ptr<Client>> clients_;
};

ClientRequest with_body(const Load& load, std::string method, std::string path, std::string body) {
  const char* type = method == "PATCH" ? "application/merge-patch+json" : "application/json";
  return {.method = std::move(method),
          .target = load.target(),
          .path = std::move(path),
          .headers = {{"Content-Type", type}},
          .body = Body{Slice(std::move(body))}};
}

void print(Tally tally, double seconds) {
  std::sort(tally.micros.begin(), tally.micros.end());
  const auto at = [&](double share) {
    return tally.micros.empty()
               ? 0.0
               : tally.micros[static_cast<size_t>(share * static_cast<double>(tally.micros.size() - 1))];
  };
  fmt::print("{{\"operations\":{},\"seconds\":{:.4f},\"p50_us\":{:.0f},\"p99_us\":{:.0f},\"bytes\":{}}}\n",
             tally.micros.size(), seconds, at(0.5), at(0.99), tally.bytes);
}

double since(Monotonic begun) {
  return std::chrono::duration<double>(real_clock().monotonic() - begun).count();
}

/// Each watcher has to see each creation; the time counts from the first creation to the last delivery.
void fan_out(Load& load, char** argv) {
  const std::string path = argv[7], body = content(argv[9]), prefix = argv[10];
  const int watchers = std::atoi(argv[8]), count = std::atoi(argv[11]);
  std::vector<std::unique_ptr<ResponseReader>> open;
  for (int i = 0; i < watchers; ++i) open.push_back(load.open(i, path + "?watch=true&timeoutSeconds=600"));
  // Without a resource version a watch begins with what is there: let that pass.
  StopToken().wait_until(Deadline::after(std::chrono::seconds(2)));
  fmt::print("ready\n");
  std::fflush(stdout);
  if (std::getchar() == EOF) fail("nobody said go");
  const Monotonic begun = real_clock().monotonic();
  load.run(
      count, 201,
      [&](int i) {
        return with_body(load, "POST", path, replaced(body, "$NAME", fmt::format("{}-{}", prefix, i)));
      },
      1);
  Tally tally;
  for (auto& reader : open) {
    int seen = 0;
    std::string rest;
    while (seen < count) {
      const auto piece = reader->read({.deadline = Deadline::after(std::chrono::seconds(60)), .stop = {}});
      if (!piece.ok() || piece->empty()) fail("a watch ended early");
      tally.bytes += piece->size();
      rest += *piece;
      for (size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
        if (rest.find("\"name\":\"" + prefix + "-") < end) {
          ++seen;
          tally.micros.push_back(since(begun) * 1e6);
        }
    }
  }
  print(std::move(tally), since(begun));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 9) fail("too few words; see the top of bench/api_load.cc");
  Load load(argv);
  const std::string what = argv[6], path = argv[7];
  const Monotonic begun = real_clock().monotonic();
  if (what == "get" || what == "list") {
    const std::string accept = argc > 9 ? argv[9] : "application/json";
    Tally tally = load.run(
        std::atoi(argv[8]), 200,
        [&](int) -> ClientRequest {
          return {.target = load.target(), .path = path, .headers = {{"Accept", accept}}, .body = {}};
        },
        what == "get" ? kStreams : 1);
    print(std::move(tally), since(begun));
  } else if ((what == "create" || what == "patch") && argc > 10) {
    const std::string body = content(argv[8]), prefix = argv[9];
    const bool create = what == "create";
    Tally tally = load.run(std::atoi(argv[10]), create ? 201 : 200, [&](int i) {
      const std::string name = fmt::format("{}-{}", prefix, i);
      return with_body(
          load, create ? "POST" : "PATCH", create ? path : path + "/" + name,
          replaced(replaced(body, "$NAME", name), "$N", fmt::format("{}", secure_random().next())));
    });
    print(std::move(tally), since(begun));
  } else if (what == "watch" && argc > 11) {
    fan_out(load, argv);
  } else {
    fail("unknown load, or too few words");
  }
  return 0;
}
