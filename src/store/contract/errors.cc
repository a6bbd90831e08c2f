#include "store/contract/errors.h"

#include <string>

namespace mizzen::store {

Error compacted() { return {Code::Expired, "etcdserver: mvcc: required revision has been compacted"}; }
Error future_revision() {
  return {Code::BadRequest, "etcdserver: mvcc: required revision is a future revision"};
}
Error request_too_large() { return {Code::RequestEntityTooLarge, "etcdserver: request is too large"}; }
Error answer_too_large() { return {Code::InternalError, "store: the answer is too large for one message"}; }
Error too_many_ops() { return {Code::BadRequest, "etcdserver: too many operations in txn request"}; }
Error duplicate_key() { return {Code::BadRequest, "etcdserver: duplicate key given in txn request"}; }
Error key_not_provided() { return {Code::BadRequest, "etcdserver: key is not provided"}; }
Error lease_not_found() { return {Code::NotFound, "etcdserver: requested lease not found"}; }
Error too_many_requests() { return {Code::TooManyRequests, "etcdserver: too many requests"}; }
Error timed_out() { return {Code::Timeout, "etcdserver: request timed out"}; }
Error space_exceeded() { return {Code::ServiceUnavailable, "etcdserver: mvcc: database space exceeded"}; }
Error stopped() { return {Code::ServiceUnavailable, "etcdserver: server stopped"}; }
Error unavailable(std::string_view why) { return {Code::ServiceUnavailable, std::string(why)}; }

bool is_answer_too_large(const Error& error) { return error.message() == answer_too_large().message(); }

}  // namespace mizzen::store
