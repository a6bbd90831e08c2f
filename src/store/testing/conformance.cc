#include "store/testing/conformance.h"

#include <gtest/gtest.h>

#include "store/testing/conformance_cases.h"

namespace mizzen::store {
namespace {

constexpr ConformanceCase kCases[] = {
    {"ReadsItsOwnWrites", conformance::reads_its_own_writes},
    {"RevisionsRiseByOne", conformance::revisions_rise_by_one},
    {"NothingChangedMakesNoRevision", conformance::nothing_changed_makes_no_revision},
    {"VersionsCountFromCreation", conformance::versions_count_from_creation},
    {"CompareAndSwap", conformance::compare_and_swap},
    {"CreateOnlyOnce", conformance::create_only_once},
    {"FailureListRuns", conformance::failure_list_runs},
    {"StepsOfOneTxnShareARevision", conformance::steps_of_one_txn_share_a_revision},
    {"RefusesBadTxns", conformance::refuses_bad_txns},
    {"RangesInOrderWithLimits", conformance::ranges_in_order_with_limits},
    {"RangesAtARevision", conformance::ranges_at_a_revision},
    {"KeysOnlyAndCountOnly", conformance::keys_only_and_count_only},
    {"BinaryKeys", conformance::binary_keys},
    {"BigValues", conformance::big_values},
    {"ConcurrentWritersLoseNothing", conformance::concurrent_writers_lose_nothing},
    {"EndedWatchMakesNoProgress", conformance::ended_watch_makes_no_progress},
    {"WatchesOfFoldersAndRangesGetTheirOwn", conformance::watches_of_folders_and_ranges_get_their_own},
    {"SubmittedTxnsCallBack", conformance::submitted_txns_call_back},
    {"ExpiredDeadlineIsATimeout", conformance::expired_deadline_is_a_timeout},
    {"WatchFromNow", conformance::watch_from_now},
    {"WatchFromThePast", conformance::watch_from_the_past},
    {"WatchFromTheFuture", conformance::watch_from_the_future},
    {"WatchSeesPrevious", conformance::watch_sees_previous},
    {"WatchKeepsToItsRange", conformance::watch_keeps_to_its_range},
    {"WatchGroupsARevision", conformance::watch_groups_a_revision},
    {"WatchProgress", conformance::watch_progress},
    {"WatchEndsWithItsHandle", conformance::watch_ends_with_its_handle},
    {"WatchUnderLoadHasNoGap", conformance::watch_under_load_has_no_gap},
    {"CompactionForgets", conformance::compaction_forgets},
    {"CompactionKeepsWhatIsCurrent", conformance::compaction_keeps_what_is_current},
    {"CompactionEndsWatchesBehind", conformance::compaction_ends_watches_behind},
    {"CompactionSparesWatchesAhead", conformance::compaction_spares_watches_ahead},
    {"LeaseDeletesItsKeys", conformance::lease_deletes_its_keys},
    {"LeaseExpires", conformance::lease_expires},
    {"LeaseMustExist", conformance::lease_must_exist},
};

}  // namespace

std::span<const ConformanceCase> conformance_cases() { return kCases; }
std::string conformance_name(size_t index) { return kCases[index].name; }

}  // namespace mizzen::store
