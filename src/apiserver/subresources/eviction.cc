#include "apiserver/subresources/eviction.h"

#include "api/schema/core/v1/pod.h"
#include "api/schema/policy/v1/eviction.h"
#include "apiserver/request/names.h"
#include "apiserver/request/options.h"
#include "apiserver/subresources/disruption.h"
#include "base/check.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using api::policy::v1::PodDisruptionBudget;
using machinery::MutableObject;
using meta::v1::DeleteOptions;
using Sent = api::policy::v1::Eviction;
using Budget = std::shared_ptr<const PodDisruptionBudget>;

/// How often an eviction that lost a race begins anew.
constexpr int kTriesMax = 20;

bool names_a_version(const DeleteOptions& options) {
  return options.preconditions && options.preconditions->resourceVersion;
}

void expect_version(DeleteOptions& options, const std::string& version) {
  if (!options.preconditions) options.preconditions.emplace();
  options.preconditions->resourceVersion = version;
}

/// Role: one eviction on its way: looks at the pod, asks its budget, says why in the pod, deletes it.
/// Threading: one stage at a time; it begins on a thread that may block.
class Eviction : public std::enable_shared_from_this<Eviction> {
 public:
  Eviction(Core& core, RequestContextPtr context, DeleteOptions options, PartDone done)
      : core_(core), context_(std::move(context)), asked_(std::move(options)), done_(std::move(done)) {}

  void start() {
    if (!core_.retry().soon([self = shared_from_this()] { self->look(); }))
      done_(Error(Code::TooManyRequests, "Too many requests, please try again later."));
  }

 private:
  codec::Time now() const { return codec::Time::from(core_.clock().wall()); }

  void look() {
    ++tries_;
    const auto pods = core_.store_of<Pod>();
    if (!pods.ok()) return done_(pods.error());
    pods_ = *pods;
    const auto entry = pods_->get(context_->namespace_, context_->name, context_->deadline);
    if (!entry.ok()) return done_(entry.error());
    const Object object = (*entry)->object();
    const Pod* pod = object.as<Pod>();
    MZ_CHECK(pod, "the store of pods has a {}", object.message().name);
    DeleteOptions options = asked_;
    if (is_beyond_budgets(*pod)) {
      // It may begin meanwhile, and would be protected then.
      const bool pending = pod->status.phase == "Pending" && !pod->metadata.deletionTimestamp;
      if (pending && !names_a_version(asked_)) expect_version(options, pod->metadata.resourceVersion);
      return mark(options, [self = shared_from_this()](const Error& conflict) { self->again(conflict); });
    }
    ask_budgets(*pod, std::move(options));
  }

  /// Where the pod changed meanwhile.
  void again(const Error& conflict) {
    if (names_a_version(asked_) || tries_ >= kTriesMax ||
        !core_.retry().again(tries_, [self = shared_from_this()] { self->look(); }))
      done_(conflict);
  }

  std::vector<Budget> budgets_of(const Pod& pod) const {
    std::vector<Budget> out;
    const auto budgets = core_.store_of<PodDisruptionBudget>();
    if (!budgets.ok()) return out;
    Filter here;
    here.namespace_ = pod.metadata.namespace_;
    for (const EntryPtr& entry : (*budgets)->cache().list(here, "", 0).entries)
      if (auto budget = entry->object().share<PodDisruptionBudget>(); covers(*budget, pod))
        out.push_back(std::move(budget));
    return out;
  }

  void ask_budgets(const Pod& pod, DeleteOptions options) {
    const std::vector<Budget> budgets = budgets_of(pod);
    if (budgets.empty()) return mark(options, done_);
    if (budgets.size() > 1)
      return done_(
          Error(Code::Unknown,
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
                "not support."));
    const std::string& budget = budgets[0]->metadata.name;
    if (goes_uncounted(pod, *budgets[0])) {
      // As long as it is not ready.
      expect_version(options, pod.metadata.resourceVersion);
      return mark(options, [self = shared_from_this(), budget](const Error& conflict) {
        self->done_(names_a_version(self->asked_) ? conflict : still_processed(budget));
      });
    }
    take(budget, std::move(options));
  }

  void take(const std::string& budget, DeleteOptions options) {
    const auto budgets = core_.store_of<PodDisruptionBudget>();
    if (!budgets.ok()) return done_(budgets.error());
    const auto change = [self = shared_from_this()](const Entry& old) -> Result<MutableObject> {
      MutableObject next(old.object());
      MZ_TRY(take_disruption(*next.as<PodDisruptionBudget>(), self->context_->name, self->now()));
      return next;
    };
    UpdateOptions how;
    how.part = api::Subresource::Status;
    how.admit = false;
    (*budgets)->update(context_, context_->namespace_, budget, change, how,
                       [self = shared_from_this(), options](Result<Updated> r) {
                         r.ok() ? self->mark(options, self->done_) : self->done_(r.error());
                       });
  }

  /// Says in the pod why it goes, then deletes it. `on_conflict` is told of a pod that changed meanwhile.
  void mark(DeleteOptions options, std::function<void(const Error&)> on_conflict) {
    if (context_->dry_run) return remove(std::move(options), std::move(on_conflict));
    const auto change = [self = shared_from_this(), options](const Entry& old) -> Result<MutableObject> {
      MutableObject next(old.object());
      MZ_TRY(check_preconditions(self->pods_->resource(), next.meta(), options));
      mark_evicted(*next.as<Pod>(), self->now());
      return next;
    };
    UpdateOptions how;
    how.part = api::Subresource::Status;
    how.admit = false;
    pods_->update(context_, context_->namespace_, context_->name, change, how,
                  [self = shared_from_this(), options, on_conflict](Result<Updated> r) mutable {
                    if (!r.ok()) return self->failed(r.error(), on_conflict);
                    // The version is another one now, by our own hand.
                    if (names_a_version(options))
                      expect_version(options, r->entry->object().meta().resourceVersion);
                    self->remove(std::move(options), std::move(on_conflict));
                  });
  }

  void remove(DeleteOptions options, std::function<void(const Error&)> on_conflict) {
    pods_->remove(context_, context_->namespace_, context_->name, std::move(options), false,
                  [self = shared_from_this(), on_conflict](Result<Deletion> r) {
                    r.ok() ? self->done_(Object()) : self->failed(r.error(), on_conflict);
                  });
  }

  void failed(const Error& error, const std::function<void(const Error&)>& on_conflict) {
    error.code() == Code::Conflict ? on_conflict(error) : done_(error);
  }

  Core& core_;
  const RequestContextPtr context_;
  const DeleteOptions asked_;
  const PartDone done_;
  StorePtr pods_;
  int tries_ = 0;
};

}  // namespace

void evict_pod(Core& core, const PartRequest& request, PartDone done) {
  const auto* sent = request.object.as<Sent>();
  if (!sent) return done(Error(Code::BadRequest, "an eviction takes an Eviction"));
  RequestContext& context = *request.context;
  auto meta = sent->metadata;
  if (const auto r = match_namespace(context, meta); !r.ok()) return done(r.error());
  if (meta.name != context.name)
    return done(Error(Code::BadRequest, "name in URL does not match name in Eviction object"));
  const DeleteOptions options = sent->deleteOptions ? *sent->deleteOptions : DeleteOptions();
  if (const auto r = check_delete_options(options); !r.ok()) return done(r.error());
  context.dry_run |= !options.dryRun.empty();
  admit_part(core, request, admission::Operation::Create, done,
             [&core, context = request.context, options, done](const Object&) {
               std::make_shared<Eviction>(core, context, options, done)->start();
             });
}

}  // namespace mizzen::apiserver
