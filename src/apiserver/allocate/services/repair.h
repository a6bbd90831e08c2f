#pragma once
#include <vector>

#include "apiserver/allocate/table/allocation_table.h"
#include "machinery/object/object.h"

namespace mizzen::apiserver {

/// What repair() found.
struct Repaired {
  size_t taken = 0;     ///< allocations that services had and the store did not know
  size_t released = 0;  ///< allocations whose service is not there or does not have them
  size_t doubled = 0;   ///< what two services say they have: the first keeps it, people have to look
};

/// A service as stored.
struct StoredService {
  machinery::Object object;
  store::Revision revision;
};

/// Makes the allocations in the store say what the services say; for the start of a server, on a store that
/// an older release or another hand has written. Safe beside other servers: every step is a transaction that
/// changes nothing where the world has moved on. `prefix`: where services stand in the store. Blocks.
Result<Repaired> repair_services(store::Store& store, const std::string& prefix, const AllocationTable& table,
                                 const std::vector<StoredService>& services, Deadline deadline);

}  // namespace mizzen::apiserver
