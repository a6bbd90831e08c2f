#pragma once
#include "store/testing/conformance.h"

/// The cases one by one; conformance.cc lists them. Key-value cases are in conformance_kv.cc, the others in
/// conformance_watch.cc.
namespace mizzen::store::conformance {

void reads_its_own_writes(StoreUnderTest& t);
void revisions_rise_by_one(StoreUnderTest& t);
void nothing_changed_makes_no_revision(StoreUnderTest& t);
void versions_count_from_creation(StoreUnderTest& t);
void compare_and_swap(StoreUnderTest& t);
void create_only_once(StoreUnderTest& t);
void failure_list_runs(StoreUnderTest& t);
void steps_of_one_txn_share_a_revision(StoreUnderTest& t);
void refuses_bad_txns(StoreUnderTest& t);
void ranges_in_order_with_limits(StoreUnderTest& t);
void ranges_at_a_revision(StoreUnderTest& t);
void keys_only_and_count_only(StoreUnderTest& t);
void binary_keys(StoreUnderTest& t);
void big_values(StoreUnderTest& t);
void concurrent_writers_lose_nothing(StoreUnderTest& t);
void ended_watch_makes_no_progress(StoreUnderTest& t);
void watches_of_folders_and_ranges_get_their_own(StoreUnderTest& t);
void submitted_txns_call_back(StoreUnderTest& t);
void expired_deadline_is_a_timeout(StoreUnderTest& t);
void watch_from_now(StoreUnderTest& t);
void watch_from_the_past(StoreUnderTest& t);
void watch_from_the_future(StoreUnderTest& t);
void watch_sees_previous(StoreUnderTest& t);
void watch_keeps_to_its_range(StoreUnderTest& t);
void watch_groups_a_revision(StoreUnderTest& t);
void watch_progress(StoreUnderTest& t);
void watch_ends_with_its_handle(StoreUnderTest& t);
void watch_under_load_has_no_gap(StoreUnderTest& t);
void compaction_forgets(StoreUnderTest& t);
void compaction_keeps_what_is_current(StoreUnderTest& t);
void compaction_ends_watches_behind(StoreUnderTest& t);
void compaction_spares_watches_ahead(StoreUnderTest& t);
void lease_deletes_its_keys(StoreUnderTest& t);
void lease_expires(StoreUnderTest& t);
void lease_must_exist(StoreUnderTest& t);

}  // namespace mizzen::store::conformance
