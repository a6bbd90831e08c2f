#pragma once
#include <string>

#include "apiserver/request/negotiation.h"
#include "base/error.h"
#include "http/message/slice.h"
#include "machinery/schema/meta/v1/status.h"

namespace mizzen::apiserver {

/// The Status that stands for an error.
meta::v1::Status status_of(const Error& error);
/// A Status document in the format asked for.
http::Slice encode_status(const meta::v1::Status& status, Format format, bool pretty);

}  // namespace mizzen::apiserver
