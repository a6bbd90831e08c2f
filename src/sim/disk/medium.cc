#include "sim/disk/medium.h"

#include <algorithm>
#include <utility>

#include "sim/disk/torn.h"
#include "sim/fibers/out_of_turn.h"

namespace mizzen::sim {
namespace {

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// Holds the lock as threads of the system do: the engine's are some.
class Held {
 public:
  explicit Held(Mutex& m) : lock_(m) {}

 private:
  OutOfTurn out_;
  Lock lock_;
};

}  // namespace

bool Medium::change() {
  if (off_) return false;
  if (++operations_ >= cut_at_) off_ = true;
  return !off_;
}

bool Medium::has_room(uint64_t more) const {
  uint64_t used = 0;
  if (faults_.bytes_max == UINT64_MAX) return true;
  for (const auto& [path, file] : now_) used += file->now.size();
  return used + more <= faults_.bytes_max;
}

void Medium::apply(Names& to, const Pending& change) {
  for (const auto& [path, file] : change.names) {
    if (file) {
      to[path] = file;
    } else {
      to.erase(path);
    }
  }
}

void Medium::name(std::vector<std::pair<std::string, FilePtr>> names) {
  Pending change{folder_of(names.front().first), std::move(names)};
  apply(now_, change);
  pending_.push_back(std::move(change));
}

Medium::FilePtr Medium::open(const std::string& path) const {
  const Held held(m_);
  const auto found = now_.find(path);
  return found == now_.end() ? nullptr : found->second;
}

Medium::Outcome Medium::create(const std::string& path, FilePtr& out) {
  const Held held(m_);
  if (!change()) return Outcome::Failed;
  if (folder_of(path) != "/" && !now_.contains(folder_of(path))) return Outcome::Absent;
  out = std::make_shared<File>();
  name({{path, out}});
  return Outcome::Done;
}

Medium::Outcome Medium::make_folder(const std::string& path) {
  const Held held(m_);
  if (now_.contains(path)) return Outcome::Exists;
  if (!change()) return Outcome::Failed;
  auto folder = std::make_shared<File>();
  folder->folder = true;
  name({{path, std::move(folder)}});
  return Outcome::Done;
}

Medium::Outcome Medium::rename(const std::string& from, const std::string& to) {
  const Held held(m_);
  const auto found = now_.find(from);
  if (found == now_.end()) return Outcome::Absent;
  if (!change()) return Outcome::Failed;
  name({{from, nullptr}, {to, FilePtr(found->second)}});
  return Outcome::Done;
}

Medium::Outcome Medium::remove(const std::string& path) {
  const Held held(m_);
  if (!now_.contains(path)) return Outcome::Absent;
  if (!change()) return Outcome::Failed;
  name({{path, nullptr}});
  return Outcome::Done;
}

std::vector<std::string> Medium::children(const std::string& folder) const {
  const Held held(m_);
  std::vector<std::string> out;
  for (auto at = now_.lower_bound(folder + "/"); at != now_.end() && at->first.starts_with(folder + "/");
       ++at)
    if (folder_of(at->first) == folder) out.push_back(at->first.substr(folder.size() + 1));
  return out;
}

Medium::Outcome Medium::write(File& file, uint64_t offset, std::string_view bytes) {
  const Held held(m_);
  if (!change()) return Outcome::Failed;
  const uint64_t end = offset + bytes.size();
  if (end > file.now.size() && !has_room(end - file.now.size())) return Outcome::NoSpace;
  file.now.write(offset, bytes);
  return Outcome::Done;
}

Medium::Outcome Medium::resize(File& file, uint64_t size) {
  const Held held(m_);
  if (!change()) return Outcome::Failed;
  if (size > file.now.size() && !has_room(size - file.now.size())) return Outcome::NoSpace;
  file.now.resize(size);
  return Outcome::Done;
}

Medium::Outcome Medium::sync(File& file) {
  const Held held(m_);
  if (!change()) return Outcome::Failed;
  if (faults_.sync_lies > 0 && random_.unit() < faults_.sync_lies) return Outcome::Done;
  if (faults_.sync_fails > 0 && random_.unit() < faults_.sync_fails) {
    file.clean = file.now;
    return Outcome::Failed;
  }
  // Only what changed since it was last taken for written.
  file.durable.resize(file.now.size());
  for (size_t i = 0; i < file.now.blocks(); ++i)
    if (!file.now.shares(file.clean, i)) file.durable.share(file.now, i);
  file.clean = file.now;
  return Outcome::Done;
}

Medium::Outcome Medium::sync_folder(const std::string& path) {
  const Held held(m_);
  if (!change()) return Outcome::Failed;
  if (faults_.folder_sync_lies > 0 && random_.unit() < faults_.folder_sync_lies) return Outcome::Done;
  std::erase_if(pending_, [&](const Pending& change) {
    if (change.folder != path) return false;
    apply(durable_, change);
    return true;
  });
  return Outcome::Done;
}

std::string Medium::read(const File& file, uint64_t offset, size_t n) const {
  const Held held(m_);
  return file.now.read(offset, n);
}

uint64_t Medium::size(const File& file) const {
  const Held held(m_);
  return file.now.size();
}

uint64_t Medium::free_bytes() const {
  const Held held(m_);
  if (faults_.bytes_max == UINT64_MAX) return UINT64_MAX / 2;
  uint64_t used = 0;
  for (const auto& [path, file] : now_) used += file->now.size();
  return used > faults_.bytes_max ? 0 : faults_.bytes_max - used;
}

bool Medium::lock(const std::string& path) {
  const Held held(m_);
  return locked_.insert(path).second;
}
void Medium::unlock(const std::string& path) {
  const Held held(m_);
  locked_.erase(path);
}

void Medium::set_faults(Faults faults) {
  const Held held(m_);
  faults_ = faults;
}
void Medium::cut_after(uint64_t operations) {
  const Held held(m_);
  cut_at_ = operations_ + operations;
}
void Medium::cut() {
  const Held held(m_);
  off_ = true;
}
bool Medium::is_off() const {
  const Held held(m_);
  return off_;
}
uint64_t Medium::operations() const {
  const Held held(m_);
  return operations_;
}

std::shared_ptr<Medium> Medium::after_power_cut(uint64_t seed) const {
  const Held held(m_);
  auto out = std::make_shared<Medium>(seed);
  SeededRandom random(seed);
  Names left = durable_;
  std::map<std::string, uint64_t> changes;
  for (const Pending& change : pending_) ++changes[change.folder];
  for (auto& [folder, n] : changes) n = random.below(n + 1);
  for (const Pending& change : pending_)
    if (changes[change.folder] > 0 && changes[change.folder]-- > 0) apply(left, change);
  const Held theirs(out->m_);
  out->faults_ = faults_;
  for (const auto& [path, file] : left) {
    if (folder_of(path) != "/" && !out->now_.contains(folder_of(path))) continue;  // its folder is gone
    auto kept = std::make_shared<File>();
    kept->folder = file->folder;
    // Of each file's own chance: what differs in one changes nothing in the others.
    kept->durable = kept->clean = kept->now = torn(*file, seed ^ std::hash<std::string>()(path));
    out->now_[path] = kept;
  }
  out->durable_ = out->now_;
  return out;
}

std::shared_ptr<Medium> Medium::after_kill(uint64_t seed) const {
  const Held held(m_);
  auto out = std::make_shared<Medium>(seed);
  const Held theirs(out->m_);
  out->faults_ = faults_;
  out->now_ = now_;
  out->durable_ = durable_;
  out->pending_ = pending_;
  return out;
}

}  // namespace mizzen::sim
