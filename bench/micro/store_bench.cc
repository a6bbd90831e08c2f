// store_bench [KEYS [alone]]: durable puts per second at 1, 8 and 64 writers, syncs per 1,000 puts and CPU
// per put of the embedded store beside a real etcd on the same disk, runs interleaved, medians of 3; then the
// time to open and to read a store of KEYS (1,000,000) keys. With `alone` etcd is left out. Objects are of
// 1,500 bytes under keys of their own, as pods are.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/file.h"
#include "base/random.h"
#include "base/strings.h"
#include "store/embedded/embedded_store.h"
#include "store/etcd/etcd_store.h"
#include "store/testing/etcd_server.h"

namespace {

using namespace mizzen;
using namespace mizzen::store;

constexpr size_t kValueBytes = 1500;
constexpr int kRounds = 3;
constexpr Duration kRoundTime = std::chrono::seconds(3);
constexpr size_t kInFlightMax = 256;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
Monotonic now() { return real_clock().monotonic(); }

/// Half text that compresses, half that does not, as objects are.
Bytes make_value(uint64_t seed) {
  SeededRandom random(seed);
  std::string out(kValueBytes, 'x');
  for (size_t i = 0; i < out.size(); i += 2) out[i] = static_cast<char>(random.next());
  return make_bytes(std::move(out));
}

std::string key_of(uint64_t i) { return "/registry/pods/default/bench-" + std::to_string(i); }

/// CPU seconds of this process so far.
double own_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/// CPU seconds of another process: fields 14 and 15 of its stat.
double cpu_of(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return 0;
  const auto fields = split(std::string_view(text).substr(after_name + 2), ' ');
  if (fields.size() < 13) return 0;
  const double ticks = parse_int<double>(fields[11]).value_or(0) + parse_int<double>(fields[12]).value_or(0);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// etcd's own count of its syncs: of the log and of the backend.
double etcd_syncs(const EtcdServer& server) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(parse_int<uint16_t>(server.address().substr(server.address().rfind(':') + 1)).value_or(0));
  std::string text;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string_view get = "GET /metrics HTTP/1.0\r\n\r\n";
    char buffer[65536];
    ssize_t n = ::write(fd, get.data(), get.size());
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(n));
  }
  ::close(fd);
  double sum = 0;
  for (const std::string_view line : split(text, '\n')) {
    for (const std::string_view name : {"etcd_disk_wal_fsync_duration_seconds_count ",
                                        "etcd_disk_backend_commit_duration_seconds_count "}) {
      if (line.starts_with(name)) sum += parse_int<double>(trim(line.substr(name.size()))).value_or(0);
    }
  }
  return sum;
}

struct Figures {
  double puts_per_s = 0;
  double syncs_per_1000 = 0;
  double cpu_us_per_put = 0;
};

/// One side of the comparison.
struct Side {
  const char* name;
  Store* store;
  std::function<double()> syncs;
  std::function<double()> cpu;
  uint64_t next_key = 0;
};

Figures measure(Side& side, int writers) {
  std::atomic<uint64_t> keys{side.next_key};
  std::atomic<uint64_t> failed{0};
  const Bytes value = make_value(1);
  const double syncs = side.syncs(), cpu = side.cpu();
  const Monotonic start = now();
  const Deadline end = Deadline::at(start + kRoundTime, real_clock());
  {
    std::vector<Thread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back("bench", [&] {
        while (!end.expired()) {
          if (!side.store->txn(Txn::put(key_of(keys++), value), Deadline::never()).ok()) ++failed;
        }
      });
    }
  }
  const double took = seconds(now() - start);
  const double puts = static_cast<double>(keys - side.next_key);
  side.next_key = keys;
  if (failed > 0)
    std::printf("!! %s: %llu puts failed\n", side.name, static_cast<unsigned long long>(failed.load()));
  return {puts / took, (side.syncs() - syncs) * 1000 / puts, (side.cpu() - cpu) * 1e6 / puts};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Figures median(const std::vector<Figures>& runs) {
  const auto of = [&](double Figures::* member) {
    std::vector<double> values;
    for (const Figures& run : runs) values.push_back(run.*member);
    return median(std::move(values));
  };
  return {of(&Figures::puts_per_s), of(&Figures::syncs_per_1000), of(&Figures::cpu_us_per_put)};
}

/// What the disk itself can do: an object appended and synced.
double raw_syncs_per_s(const std::string& folder) {
  const std::string path = folder + "/probe";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::string bytes(kValueBytes, 'x');
  const Monotonic start = now();
  int n = 0;
  while (now() - start < std::chrono::seconds(1)) {
    if (::write(fd, bytes.data(), bytes.size()) < 0 || ::fdatasync(fd) != 0) break;
    ++n;
  }
  ::close(fd);
  return n / seconds(now() - start);
}

void compare_puts(std::vector<Side>& sides) {
  std::printf("%-9s %8s %12s %18s %12s\n", "store", "writers", "puts/s", "syncs/1000 puts", "CPU us/put");
  for (const int writers : {1, 8, 64}) {
    std::vector<std::vector<Figures>> runs(sides.size());
    for (int round = 0; round < kRounds; ++round) {
      for (size_t i = 0; i < sides.size(); ++i) runs[i].push_back(measure(sides[i], writers));
    }
    std::vector<Figures> medians;
    for (size_t i = 0; i < sides.size(); ++i) {
      medians.push_back(median(runs[i]));
      const Figures& f = medians.back();
      std::printf("%-9s %8d %12.0f %18.0f %12.1f\n", sides[i].name, writers, f.puts_per_s, f.syncs_per_1000,
                  f.cpu_us_per_put);
    }
    if (medians.size() == 2) {
      std::printf("%-9s %8d %11.1fx %17.2fx %11.2fx\n", "ratio", writers,
                  medians[0].puts_per_s / medians[1].puts_per_s,
                  medians[0].syncs_per_1000 / medians[1].syncs_per_1000,
                  medians[0].cpu_us_per_put / medians[1].cpu_us_per_put);
    }
    std::fflush(stdout);
  }
}

/// Asks the kernel to forget what it has cached of the folder.
void drop_cache(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

std::unique_ptr<EmbeddedStore> open_embedded(const std::string& path) {
  auto store = EmbeddedStore::open({.clock = real_clock(), .path = path});
  if (store.ok()) return std::move(*store);
  std::fprintf(stderr, "store_bench: %s\n", store.error().message().c_str());
  std::exit(1);
}

void load(Store& store, uint64_t keys) {
  Mutex m;
  CondVar changed;
  size_t open = 0;
  for (uint64_t i = 0; i < keys; ++i) {
    {
      Lock lock(m);
      while (open >= kInFlightMax) changed.wait(m);
      ++open;
    }
    store.submit(Txn::put(key_of(i), make_value(i)), Deadline::never(), [&](Result<TxnResult> result) {
      if (!result.ok()) std::printf("!! %s\n", result.error().message().c_str());
      Lock lock(m);
      --open;
      changed.notify_all();
    });
  }
  Lock lock(m);
  while (open > 0) changed.wait(m);
}

void measure_open(const std::string& folder, uint64_t keys) {
  const std::string path = folder + "/big";
  const auto timed = [](const char* what, const std::function<void()>& f) {
    const Monotonic start = now();
    f();
    std::printf("%-34s %8.3f s\n", what, seconds(now() - start));
    std::fflush(stdout);
  };
  std::printf("\n%llu keys of %zu bytes, embedded\n", static_cast<unsigned long long>(keys), kValueBytes);
  auto store = open_embedded(path);
  timed("load, one thread, durable", [&] { load(*store, keys); });
  store.reset();
  timed("open, files cached", [&] { store = open_embedded(path); });
  std::printf("%-34s %8.2f GB\n", "on disk",
              static_cast<double>(*store->size_bytes(Deadline::never())) / 1e9);
  store.reset();
  drop_cache(path);
  timed("open, nothing cached", [&] { store = open_embedded(path); });
  timed("read all of it", [&] {
    const auto all = store->range({.range = KeyRange::prefix("/registry/")}, Deadline::never());
    if (!all.ok() || all->count != static_cast<int64_t>(keys)) std::printf("!! not all there\n");
  });
  timed("count all of it", [&] {
    (void)store->range({.range = KeyRange::prefix("/registry/"), .count_only = true}, Deadline::never());
  });
  std::printf("%-34s %8.2f us\n", "get of one key, mean of 10,000", [&] {
    SeededRandom random(5);
    const Monotonic start = now();
    for (int i = 0; i < 10'000; ++i) (void)store->get(key_of(random.below(keys)), Deadline::never());
    return seconds(now() - start) * 1e6 / 10'000;
  }());
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  char folder[] = "/tmp/mizzen-store-bench-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  std::printf("the disk itself: %.0f appends of %zu bytes with fdatasync per second\n\n",
              raw_syncs_per_s(folder), kValueBytes);
  {
    auto embedded = open_embedded(std::string(folder) + "/embedded");
    std::vector<Side> sides;
    sides.push_back(
        {"embedded", embedded.get(), [&] { return static_cast<double>(embedded->syncs()); }, own_cpu});
    const auto server = argc > 2 ? nullptr : EtcdServer::start();
    std::unique_ptr<EtcdStore> etcd;
    if (server) {
      auto opened = EtcdStore::open({.clock = real_clock(), .address = server->address()},
                                    Deadline::after(std::chrono::seconds(10), real_clock()));
      if (opened.ok()) etcd = std::move(*opened);
    }
    if (etcd) {
      sides.push_back({"etcd", etcd.get(), [&] { return etcd_syncs(*server); },
                       [&] { return own_cpu() + cpu_of(server->pid()); }});
    } else {
      std::printf("no etcd here (Debian: etcd-server): nothing to compare with\n");
    }
    compare_puts(sides);
  }
  measure_open(folder, keys);
  std::filesystem::remove_all(folder);
  return 0;
}
