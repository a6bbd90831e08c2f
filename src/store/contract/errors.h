#pragma once
#include <string_view>

#include "base/error.h"

namespace mizzen::store {

// Texts are etcd's: clients of the API match on some of them. The code says which kind it is.
Error compacted();          ///< Expired: the revision asked for has been compacted
Error future_revision();    ///< BadRequest: the revision asked for does not exist yet
Error request_too_large();  ///< RequestEntityTooLarge
Error answer_too_large();   ///< InternalError: more than the connection takes at once; ask for less
Error too_many_ops();       ///< BadRequest
Error duplicate_key();      ///< BadRequest: one transaction changes a key twice
Error key_not_provided();   ///< BadRequest
Error lease_not_found();    ///< NotFound
Error too_many_requests();  ///< TooManyRequests: a bound was reached; try again later
Error timed_out();          ///< Timeout: whether it was carried out is unknown
Error space_exceeded();     ///< ServiceUnavailable: the disk is full
Error stopped();            ///< ServiceUnavailable: the store is shutting down
Error unavailable(std::string_view why);

inline bool is_compacted(const Error& error) { return error.code() == Code::Expired; }
bool is_answer_too_large(const Error& error);

}  // namespace mizzen::store
