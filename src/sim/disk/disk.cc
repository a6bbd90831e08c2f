#include "sim/disk/disk.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include "sim/disk/background.h"
#include "sim/disk/files.h"

namespace mizzen::sim {
namespace {

/// Memory goes to a file once in so many writes.
constexpr uint64_t kWritesPerFlush = 40;

/// The engine's time is the simulation's.
class EngineClock final : public rocksdb::SystemClockWrapper {
 public:
  explicit EngineClock(const Clock& clock)
      : SystemClockWrapper(rocksdb::SystemClock::Default()), clock_(clock) {}
  const char* Name() const override { return "mizzen.simulated-clock"; }
  uint64_t NowMicros() override { return NowNanos() / 1000; }
  uint64_t NowNanos() override { return static_cast<uint64_t>(clock_.wall().time_since_epoch().count()); }
  void SleepForMicroseconds(int) override {}
  rocksdb::Status GetCurrentTime(int64_t* out) override {
    *out = static_cast<int64_t>(NowNanos() / 1'000'000'000);
    return rocksdb::Status::OK();
  }

 private:
  const Clock& clock_;
};

class EngineEnv final : public rocksdb::EnvWrapper {
 public:
  EngineEnv(const std::shared_ptr<rocksdb::FileSystem>& files, const Clock& clock, Background& background)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)), background_(background) {
    file_system_ = files;
    system_clock_ = std::make_shared<EngineClock>(clock);
  }
  const char* Name() const override { return "mizzen.simulated-env"; }
  void Schedule(void (*f)(void*), void* argument, Priority priority, void* tag,
                void (*unscheduled)(void*)) override {
    background_.schedule(
        priority == HIGH, tag, [f, argument] { f(argument); },
        unscheduled ? [unscheduled, argument] { unscheduled(argument); } : std::function<void()>());
  }
  int UnSchedule(void* tag, Priority priority) override {
    return priority == BOTTOM ? 0 : background_.unschedule(priority == HIGH, tag);
  }
  unsigned int GetThreadPoolQueueLen(Priority priority) const override {
    return static_cast<unsigned>(background_.waiting(priority == HIGH));
  }
  void SetBackgroundThreads(int, Priority) override {}
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  int GetBackgroundThreads(Priority priority) override { return priority == BOTTOM ? 0 : 1; }
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  uint64_t NowMicros() override { return system_clock_->NowMicros(); }
  uint64_t NowNanos() override { return system_clock_->NowNanos(); }
  void SleepForMicroseconds(int) override {}
  rocksdb::Status GetCurrentTime(int64_t* out) override { return system_clock_->GetCurrentTime(out); }
  rocksdb::Status GetHostName(char* name, uint64_t n) override {
    if (n > 0) name[0] = '\0';
    return rocksdb::Status::OK();
  }

 private:
  Background& background_;
};

class Locked final : public store::Disk::Held {
 public:
  Locked(std::shared_ptr<Medium> medium, std::string path)
      : medium_(std::move(medium)), path_(std::move(path)) {}
  ~Locked() override { medium_->unlock(path_); }

 private:
  const std::shared_ptr<Medium> medium_;
  const std::string path_;
};

class SimulatedDisk final : public store::Disk {
 public:
  SimulatedDisk(std::shared_ptr<Medium> medium, const Clock& clock, Random& random,
                std::function<void()> before_write)
      : medium_(std::move(medium)),
        random_(random),
        before_write_(std::move(before_write)),
        env_(store::with_full_length_logs(files_on(medium_)), clock, background_) {}

  bool exists(const std::string& path) override { return path == "/" || medium_->open(path) != nullptr; }
  Result<void> make_folders(const std::string& path) override {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const auto made = medium_->make_folder(path.substr(0, end));
      if (made != Medium::Outcome::Done && made != Medium::Outcome::Exists) return failed(path);
      if (end == std::string::npos) return {};
    }
  }
  Result<void> sync_folder(const std::string& path) override {
    return done(medium_->sync_folder(path), path);
  }
  Result<std::string> read(const std::string& path) override {
    const auto file = medium_->open(path);
    if (!file) return Error(Code::NotFound, "open " + path);
    return medium_->read(*file, 0, static_cast<size_t>(medium_->size(*file)));
  }
  Result<void> write(const std::string& path, std::string_view bytes) override {
    const std::string temporary = path + ".tmp";
    Medium::FilePtr file;
    MZ_TRY(done(medium_->create(temporary, file), temporary));
    MZ_TRY(done(medium_->write(*file, 0, bytes), temporary));
    MZ_TRY(done(medium_->sync(*file), temporary));
    MZ_TRY(done(medium_->rename(temporary, path), path));
    return sync_folder(path.substr(0, path.rfind('/')));
  }
  Result<std::unique_ptr<Held>> lock(const std::string& path) override {
    if (!medium_->lock(path)) return Error(Code::Conflict, "");
    return std::unique_ptr<Held>(std::make_unique<Locked>(medium_, path));
  }
  uint64_t free_bytes(const std::string&) override { return medium_->free_bytes(); }
  uint64_t occupied_bytes(const std::string& path) override {
    const auto file = medium_->open(path);
    return file ? medium_->size(*file) : 0;
  }
  bool occupy(const std::string& path, uint64_t bytes) override {
    Medium::FilePtr file;
    if (medium_->create(path, file) != Medium::Outcome::Done) return false;
    if (medium_->resize(*file, bytes) == Medium::Outcome::Done) return true;
    remove(path);
    return false;
  }
  void remove(const std::string& path) override { (void)medium_->remove(path); }

  rocksdb::Env& env() override { return env_; }
  bool takes_turns() const override { return true; }
  void before_write(rocksdb::DB& db) override {
    if (before_write_) before_write_();
    if (random_.below(kWritesPerFlush) == 0) {
      rocksdb::FlushOptions options;
      options.wait = false;
      options.allow_write_stall = true;
      (void)db.Flush(options);
    }
    background_.run([] {});
  }
  void wait_for_background(const std::function<void()>& f) override { background_.run(f); }

 private:
  static Error failed(const std::string& path) {
    return {Code::ServiceUnavailable, "input/output error: " + path};
  }
  static Result<void> done(Medium::Outcome outcome, const std::string& path) {
    if (outcome != Medium::Outcome::Done) return failed(path);
    return {};
  }

  const std::shared_ptr<Medium> medium_;
  Random& random_;
  const std::function<void()> before_write_;
  Background background_;
  EngineEnv env_;
};

}  // namespace

std::shared_ptr<store::Disk> disk_on(std::shared_ptr<Medium> medium, const Clock& clock, Random& random,
                                     std::function<void()> before_write) {
  return std::make_shared<SimulatedDisk>(std::move(medium), clock, random, std::move(before_write));
}

}  // namespace mizzen::sim
