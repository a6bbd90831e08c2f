// store_crash [KILLS [SEED]]: kills a process that writes to the embedded store, again and again, at random
// moments (also while it opens, flushes and compacts), and after each kill opens the store and checks:
//  1. every acknowledged write is there, at the revision it was acknowledged with;
//  2. at most the one write per writer that was under way is there as well, whole or not at all (two keys
//  change together);
//  3. revisions are unique, and the history since the last compaction has each of them once, in order;
//  4. a counter that all writers raise by compare-and-swap lost nothing.
// The child is this program, executed again as: store_crash writer DIR SEED.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/random.h"
#include "base/strings.h"
#include "store/contract/errors.h"
#include "store/embedded/embedded_store.h"

namespace {

using namespace mizzen;
using namespace mizzen::store;

constexpr int kWriters = 16;
constexpr int kKeysPerWriter = 8;
constexpr int kDeleteEvery = 5;  ///< every fifth step of a key deletes it
constexpr uint64_t kKillAfterMsMax = 400;
constexpr size_t kValueBytesMax = 3000;
const char* const kCounter = "counter";

/// What a writer tells its parent about an acknowledged write; small enough that the pipe takes it whole.
struct Ack {
  int32_t writer;  ///< -1: the counter
  int32_t key;
  int64_t step;
  int64_t revision;
};

std::string data_key(int writer, int key) {
  return "data/" + std::to_string(writer) + "/" + std::to_string(key);
}
std::string step_key(int writer, int key) {
  return "step/" + std::to_string(writer) + "/" + std::to_string(key);
}
bool deletes(int64_t step) { return step % kDeleteEvery == kDeleteEvery - 1; }

/// A value that names its step and cannot be mistaken for another one's.
std::string value_of(int writer, int key, int64_t step) {
  SeededRandom random(static_cast<uint64_t>(step) * 1000003 + static_cast<uint64_t>(writer * 1000 + key));
  std::string out = std::to_string(step) + ":";
  out.resize(out.size() + random.below(kValueBytesMax), static_cast<char>('a' + random.below(26)));
  return out;
}

EmbeddedStore::Options options_at(const std::string& path) {
  EmbeddedStore::Options options{.clock = real_clock(), .path = path};
  options.memtable_bytes = 256 << 10;  // many flushes and compactions
  options.reserve_bytes = 1 << 20;
  options.retention.revisions_min = 50;
  options.retention.history_bytes_min = 512 << 10;
  return options;
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "store_crash: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result, const char* doing) {
  if (!result.ok()) fail(std::string(doing) + ": " + result.error().message());
  return std::move(*result);
}

int64_t number(const std::optional<KeyValue>& kv) {
  return kv ? parse_int<int64_t>(view(kv->value)).value_or(-1) : 0;
}

// ---- the child
// -------------------------------------------------------------------------------------------------

void tell(const Ack& ack) {
  if (::write(STDOUT_FILENO, &ack, sizeof ack) != sizeof ack) ::_exit(0);  // the parent has gone
}

/// One step on one key: data and step number change together.
Txn step_txn(int writer, int key, int64_t step) {
  Txn txn;
  if (deletes(step)) {
    txn.success.push_back(Op::del(data_key(writer, key)));
  } else {
    txn.success.push_back(Op::put(data_key(writer, key), make_bytes(value_of(writer, key, step))));
  }
  txn.success.push_back(Op::put(step_key(writer, key), make_bytes(std::to_string(step))));
  return txn;
}

void raise_counter(Store& store) {
  const GetResult seen = must(store.get(kCounter, Deadline::never()), "get");
  const Revision at = seen.kv ? seen.kv->mod_revision : Revision(0);
  const int64_t next = number(seen.kv) + 1;
  const TxnResult result = must(
      store.txn(
          {{Compare::unchanged(kCounter, at)}, {Op::put(kCounter, make_bytes(std::to_string(next)))}, {}},
          Deadline::never()),
      "count");
  if (result.succeeded) tell({-1, 0, next, result.revision.get()});
}

void write_for_ever(Store& store, int writer, uint64_t seed) {
  SeededRandom random(seed);
  std::array<int64_t, kKeysPerWriter> steps{};
  for (int key = 0; key < kKeysPerWriter; ++key) {
    steps[static_cast<size_t>(key)] =
        number(must(store.get(step_key(writer, key), Deadline::never()), "get").kv);
  }
  for (;;) {
    const int key = static_cast<int>(random.below(kKeysPerWriter));
    const int64_t step = ++steps[static_cast<size_t>(key)];
    const TxnResult result = must(store.txn(step_txn(writer, key, step), Deadline::never()), "write");
    tell({writer, key, step, result.revision.get()});
    if (random.below(8) == 0) raise_counter(store);
  }
}

int run_writer(const std::string& path, uint64_t seed) {
  auto store = must(EmbeddedStore::open(options_at(path)), "open");
  std::vector<Thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back("writer", [&store, writer, seed] {
      write_for_ever(*store, writer, seed * kWriters + static_cast<uint64_t>(writer));
    });
  }
  writers.front().join();  // never: the parent kills
  return 1;
}

// ---- the parent
// ------------------------------------------------------------------------------------------------

/// What is known about one key: its last step, and where that was acknowledged (0: not).
struct Known {
  int64_t step = 0;
  int64_t revision = 0;
};

class Parent {
 public:
  Parent(std::string path, uint64_t seed) : path_(std::move(path)), random_(seed) {}

  void round() {
    const std::vector<Ack> acks = run_and_kill();
    take(acks);
    auto store = must(EmbeddedStore::open(options_at(path_)), "open after a kill");
    const Revision current = must(store->current_revision(Deadline::never()), "revision");
    if (current.get() < newest_acked_) fail("the store went back behind an acknowledged revision");
    for (int writer = 0; writer < kWriters; ++writer) {
      for (int key = 0; key < kKeysPerWriter; ++key) check_key(*store, writer, key);
    }
    check_counter(*store);
    check_history(*store, current);
    acked_ += acks.size();
  }

  size_t acked() const { return acked_; }

 private:
  std::vector<Ack> run_and_kill() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string seed = std::to_string(random_.next() >> 1);
    std::string program = "store_crash", verb = "writer", path = path_;
    char* const arguments[] = {program.data(), verb.data(), path.data(), seed.data(), nullptr};
    pid_t pid = 0;
    if (::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environ) != 0) fail("spawn");
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    const std::vector<Ack> acks = listen(ends[0], pid);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) fail("the writer ended by itself");
    return acks;
  }

  /// Reads acknowledgements, kills at a random moment, reads what is left in the pipe.
  std::vector<Ack> listen(int fd, pid_t pid) {
    const Deadline kill_at =
        Deadline::after(std::chrono::milliseconds(random_.below(kKillAfterMsMax)), real_clock());
    std::string bytes;
    for (bool killed = false;;) {
      if (!killed) {
        pollfd wait{fd, POLLIN, 0};
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(kill_at.left()).count();
        ::poll(&wait, 1, static_cast<int>(ms));
        if (kill_at.expired()) {
          ::kill(pid, SIGKILL);
          killed = true;
        } else if (wait.revents == 0) {
          continue;
        }
      }
      std::array<char, 65536> buffer;
      const ssize_t n = ::read(fd, buffer.data(), buffer.size());
      if (n > 0) {
        bytes.append(buffer.data(), static_cast<size_t>(n));
      } else if (n == 0) {
        break;
      }
    }
    std::vector<Ack> acks(bytes.size() / sizeof(Ack));
    if (!acks.empty()) std::memcpy(acks.data(), bytes.data(), acks.size() * sizeof(Ack));
    return acks;
  }

  void take(const std::vector<Ack>& acks) {
    for (const Ack& ack : acks) {
      if (!revisions_.insert(ack.revision).second) fail("a revision was acknowledged twice");
      newest_acked_ = std::max(newest_acked_, ack.revision);
      if (ack.writer < 0) {
        counter_ = std::max(counter_, ack.step);
        continue;
      }
      Known& known = known_[{ack.writer, ack.key}];
      if (ack.step <= known.step || ack.revision <= known.revision) fail("a writer's revisions went back");
      known = {ack.step, ack.revision};
    }
  }

  void check_key(Store& store, int writer, int key) {
    const auto data = must(store.get(data_key(writer, key), Deadline::never()), "get").kv;
    const auto step = must(store.get(step_key(writer, key), Deadline::never()), "get").kv;
    Known& known = known_[{writer, key}];
    const std::string name = data_key(writer, key);
    const int64_t stands = number(step);
    if (stands != known.step && stands != known.step + 1) {
      fail(name + ": stands at step " + std::to_string(stands) + ", acknowledged was " +
           std::to_string(known.step));
    }
    if (stands == known.step && known.revision > 0 && step->mod_revision.get() != known.revision) {
      fail(name + ": another revision than acknowledged");
    }
    if (stands > 0 && deletes(stands) != !data) fail(name + ": half a transaction");
    if (data && view(data->value) != value_of(writer, key, stands)) fail(name + ": wrong value");
    if (data && data->mod_revision != step->mod_revision) fail(name + ": one transaction, two revisions");
    known = {stands, step ? step->mod_revision.get() : 0};
  }

  void check_counter(Store& store) {
    const int64_t stands = number(must(store.get(kCounter, Deadline::never()), "get").kv);
    // Each writer may have raised it once without being told.
    if (stands < counter_ || stands > counter_ + kWriters) fail("the counter lost or gained");
    counter_ = stands;
  }

  /// Reads the whole history that is left through a watch: each revision once, in order, up to the newest.
  void check_history(Store& store, Revision current) {
    // An empty store stands at 1, so the first event is at 2. Where that is compacted: the newest ones, which
    // never are.
    Revision from(2);
    for (;; from = Revision(current.get() - std::min<int64_t>(current.get() - 2, 40))) {
      Mutex m;
      CondVar changed;
      Revision last(from.get() - 1);
      std::optional<Error> end;
      auto watch = store.watch({.range = KeyRange::all(), .from = from}, [&](const WatchMessage& message) {
        Lock lock(m);
        for (const Event* event : message.events) {
          const int64_t revision = event->kv.mod_revision.get();
          if (revision != last.get() && revision != last.get() + 1) {
            fail("history has a gap or goes back before " + std::to_string(revision));
          }
          last = Revision(revision);
        }
        if (message.end) end = message.end;
        changed.notify_all();
      });
      const Deadline deadline = Deadline::after(std::chrono::seconds(30), real_clock());
      Lock lock(m);
      while (last < current && !end) {
        if (!changed.wait_until(m, deadline)) fail("history is not all there");
      }
      if (!end) return;
      if (!is_compacted(*end) || from.get() > 2) fail("reading history: " + end->message());
    }
  }

  const std::string path_;
  SeededRandom random_;
  std::map<std::pair<int, int>, Known> known_;
  std::set<int64_t> revisions_;
  int64_t newest_acked_ = 0;
  int64_t counter_ = 0;
  size_t acked_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "writer") == 0) {
    return run_writer(argv[2], std::strtoull(argv[3], nullptr, 10));
  }
  const int kills = argc > 1 ? std::atoi(argv[1]) : 10;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : secure_random().next() >> 1;
  std::printf("store_crash: %d kills, seed %llu\n", kills, static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  char folder[] = "/tmp/mizzen-store-crash-XXXXXX";
  if (!::mkdtemp(folder)) fail("mkdtemp");
  Parent parent(folder, seed);
  for (int i = 0; i < kills; ++i) parent.round();
  std::filesystem::remove_all(folder);
  std::printf("store_crash: %zu acknowledged writes survived %d kills\n", parent.acked(), kills);
  return 0;
}
