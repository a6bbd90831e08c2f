#include <fmt/format.h>

#include <array>

#include "rpc/channel.h"

namespace mizzen::rpc {
namespace {

struct Row {
  Status status;
  std::string_view name;
  Code code;
};

constexpr std::array<Row, 17> kRows{{
    {Status::OK, "OK", Code::Unknown},
    {Status::Canceled, "Canceled", Code::Cancelled},
    {Status::Unknown, "Unknown", Code::Unknown},
    {Status::InvalidArgument, "InvalidArgument", Code::BadRequest},
    {Status::DeadlineExceeded, "DeadlineExceeded", Code::Timeout},
    {Status::NotFound, "NotFound", Code::NotFound},
    {Status::AlreadyExists, "AlreadyExists", Code::AlreadyExists},
    {Status::PermissionDenied, "PermissionDenied", Code::Forbidden},
    {Status::ResourceExhausted, "ResourceExhausted", Code::TooManyRequests},
    {Status::FailedPrecondition, "FailedPrecondition", Code::Conflict},
    {Status::Aborted, "Aborted", Code::Conflict},
    {Status::OutOfRange, "OutOfRange", Code::BadRequest},
    {Status::Unimplemented, "Unimplemented", Code::MethodNotAllowed},
    {Status::Internal, "Internal", Code::InternalError},
    {Status::Unavailable, "Unavailable", Code::ServiceUnavailable},
    {Status::DataLoss, "DataLoss", Code::InternalError},
    {Status::Unauthenticated, "Unauthenticated", Code::Unauthorized},
}};

constexpr std::string_view kPrefix = "rpc error: code = ";
constexpr std::string_view kDescription = " desc = ";

const Row& row(Status status) {
  const size_t index = static_cast<size_t>(status);
  return kRows[index < kRows.size() ? index : static_cast<size_t>(Status::Unknown)];
}

}  // namespace

std::string_view name(Status status) { return row(status).name; }

Error make_error(Status status, std::string_view description) {
  return {row(status).code, fmt::format("{}{}{}{}", kPrefix, row(status).name, kDescription, description)};
}

std::string_view description(const Error& error) {
  const std::string_view message = error.message();
  const size_t prefix = message.find(kPrefix);
  if (prefix == std::string_view::npos) return message;
  const size_t at = message.find(kDescription, prefix);
  return at == std::string_view::npos ? message : message.substr(at + kDescription.size());
}

Status status_of(const Error& error) {
  std::string_view message = error.message();
  const size_t prefix = message.find(kPrefix);
  if (prefix == std::string_view::npos) return Status::Unknown;
  message.remove_prefix(prefix + kPrefix.size());
  const std::string_view word = message.substr(0, message.find(' '));
  for (const Row& candidate : kRows) {
    if (candidate.name == word) return candidate.status;
  }
  return Status::Unknown;
}

}  // namespace mizzen::rpc
