#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "store/contract/store.h"
#include "store/embedded/engine.h"
#include "store/local/watch_hub.h"

namespace mizzen::store {

/// Role: reads records out of the engine: the newest of a key, a range as of a revision, past events.
/// Knows nothing of what is committed or compacted: its caller passes the revision and checks. Threading:
/// thread-safe.
class Reader {
 public:
  explicit Reader(Engine& engine) : engine_(engine) {}

  /// Looks up single keys; cheap for many in a row. Confined to one thread; sees what was written before it
  /// was made.
  class Lookup {
   public:
    explicit Lookup(Engine& engine);
    struct Found {
      KeyValue kv;
      size_t bytes = 0;  ///< of its value
    };
    /// The key's newest state; nothing where absent or deleted.
    Result<std::optional<Found>> newest(const std::string& key, Revision at, bool with_value);

   private:
    std::unique_ptr<rocksdb::Iterator> it_;
  };

  /// A scan in progress: made before the caller checks for compaction, run after.
  class Scan {
   public:
    Scan(Engine& engine, const RangeRequest& request, Revision at);
    Result<void> run(RangeResult& out);

   private:
    Result<void> step(RangeResult& out);
    void skip_rest_of_key();

    const RangeRequest& request_;
    const Revision at_;
    const std::string lower_;
    const std::string upper_;
    const rocksdb::Slice upper_slice_;
    std::unique_ptr<rocksdb::Iterator> it_;
    std::string prefix_;
    bool full_ = false;
  };

  /// Events of revisions from..newest, bounded as History says. Expired where a record has gone meanwhile.
  Result<History::Chunk> history(Revision from, Revision newest, const KeyRange& range, bool prev_kv);
  std::optional<KeyValue> at_revision(std::string_view key, Revision revision);

 private:
  Result<void> add_changes(std::string_view bytes, Revision revision, const KeyRange& range, bool prev_kv,
                           History::Chunk& chunk, size_t& bytes_taken);

  Engine& engine_;
};

}  // namespace mizzen::store
