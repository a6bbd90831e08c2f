#pragma once
#include <optional>
#include <string>

#include "api/schema/coordination/v1/lease.h"
#include "base/clock.h"

/// Who leads, as a Lease tells it: client-go's rules. Pure.
namespace mizzen::client {

using Lease = api::coordination::v1::Lease;

/// How long things take in an election; upstream's defaults. lease > renew_deadline > retry.
struct ElectionTimes {
  Duration lease = std::chrono::seconds(15);  ///< others wait so long before they take over
  Duration renew_deadline =
      std::chrono::seconds(10);              ///< a leader that could not renew for so long leads no more
  Duration retry = std::chrono::seconds(2);  ///< between two looks

  /// What is wrong with them, in upstream's words; empty where nothing is.
  std::string fault() const;
};

/// What a candidate knows of the lease. Clocks of different machines are not compared: what counts is when
/// the candidate itself saw it change.
struct Sighting {
  std::optional<Lease> lease;
  Monotonic changed{};  ///< when this record was seen first
};

/// Notes what was read at `now`.
void note(Sighting& sighting, const Lease& lease, Monotonic now);

/// True where somebody else holds the lease, and may still lead.
bool is_held_by_other(const Sighting& sighting, const std::string& me, Monotonic now);

/// The lease as `me` writes it to lead on or to take over; `now` for its times.
Lease claimed(Lease lease, const std::string& me, const ElectionTimes& times, WallTime now);

/// The lease as a leader leaves it that goes in good order: the next need not wait.
Lease released(Lease lease, WallTime now);

}  // namespace mizzen::client
