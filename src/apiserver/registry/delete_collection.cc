#include "apiserver/registry/delete_collection.h"

#include "apiserver/flow/completion.h"
#include "base/check.h"

namespace mizzen::apiserver {
namespace {

constexpr size_t kPage = 500;
/// Deletions on their way: enough for the store to commit many with one sync.
constexpr size_t kInFlightMax = 64;

/// One deletion of a collection. Its turns run on retry's threads, one at a time: step() starts deletions
/// until enough are on their way, the last one to end when more are wanted posts the next turn.
class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(ResourceStore& store, Retry& retry, CollectionRequest request,
        std::function<void(Result<DeletedCollection>)> done)
      : kept_(store.shared_from_this()),
        store_(store),
        retry_(retry),
        request_(std::move(request)),
        done_(std::move(done)) {}

  void turn() {
    // A posting that fails drops the last reference, which tells the end.
    (void)retry_.soon([self = shared_from_this()] { self->step(); });
  }

 private:
  void step();
  bool next_page();
  void ended(const Result<Deletion>& result);

  const StorePtr kept_;
  ResourceStore& store_;
  Retry& retry_;
  const CollectionRequest request_;
  Completion<DeletedCollection> done_;

  // Of the turn.
  Page page_;
  size_t at_ = 0;       ///< in the page
  size_t started_ = 0;  ///< deletions, in all
  bool listed_ = false;
  size_t listed_bytes_ = 0;
  DeletedCollection out_;

  Mutex m_;
  size_t running_ MZ_GUARDED_BY(m_) = 0;
  bool waiting_ MZ_GUARDED_BY(m_) = false;  ///< the turn has ended: the next end of a deletion begins another
  std::optional<Error> error_ MZ_GUARDED_BY(m_);
};

bool Sweep::next_page() {
  const size_t left = request_.limit == 0 ? kPage : std::min(kPage, request_.limit - started_);
  if (left == 0 || (listed_ && !page_.more)) return false;
  const std::string after = page_.entries.empty() ? "" : std::string(page_.entries.back()->key());
  page_ = store_.cache().list(request_.filter, after, left);
  if (!listed_) out_.revision = page_.revision;
  listed_ = true;
  at_ = 0;
  return !page_.entries.empty();
}

void Sweep::step() {
  for (;;) {
    bool stop = false;
    {
      Lock lock(m_);
      stop = error_.has_value();
      if (!stop && running_ >= kInFlightMax) {
        waiting_ = true;
        return;
      }
    }
    if (stop || (at_ == page_.entries.size() && !next_page())) break;
    const EntryPtr entry = page_.entries[at_++];
    ++started_;
    if (listed_bytes_ < kDeletedBytesMax) {
      listed_bytes_ += entry->wire().size();
      out_.entries.push_back(entry);
    }
    {
      Lock lock(m_);
      ++running_;
    }
    // Each has a context of its own: warnings are not for many threads.
    const auto context = std::make_shared<RequestContext>(*request_.context);
    context->name = entry->name();
    store_.remove(context, std::string(entry->namespace_()), std::string(entry->name()), request_.options,
                  true, [self = shared_from_this()](const Result<Deletion>& r) { self->ended(r); });
  }
  std::optional<Error> failed;
  {
    Lock lock(m_);
    if (running_ > 0) {
      waiting_ = true;
      return;
    }
    failed = error_;
  }
  failed ? done_(*failed) : done_(std::move(out_));
}

void Sweep::ended(const Result<Deletion>& result) {
  bool next = false;
  {
    Lock lock(m_);
    if (!result.ok() && result.error().code() != Code::NotFound && !error_) error_ = result.error();
    MZ_CHECK(running_ > 0, "a deletion ends that never began");
    --running_;
    // Half of them gone: a turn is worth its thread.
    next = waiting_ && (running_ == 0 || (!error_ && running_ == kInFlightMax / 2));
    if (next) waiting_ = false;
  }
  if (next) turn();
}

}  // namespace

void delete_collection(ResourceStore& store, Retry& retry, CollectionRequest request,
                       std::function<void(Result<DeletedCollection>)> done) {
  std::make_shared<Sweep>(store, retry, std::move(request), std::move(done))->turn();
}

}  // namespace mizzen::apiserver
