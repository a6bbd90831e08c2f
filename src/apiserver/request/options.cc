#include "apiserver/request/options.h"

#include <fmt/format.h>

#include "apiserver/request/body.h"
#include "apiserver/request/query_numbers.h"
#include "base/strings.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::apiserver {
namespace {

using auth::FieldValidation;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kFieldManagerBytesMax = 128;

/// Runes that Go does not call printable: controls, spaces other than the plain one, marks of direction,
/// private use, and what is no UTF-8.
bool is_printable(uint32_t rune) {
  if (rune < 0x20 || (rune >= 0x7f && rune <= 0xa0) || rune == 0xad) return false;
  if (rune >= 0x2000 && rune <= 0x200f) return false;
  if ((rune >= 0x2028 && rune <= 0x202f) || (rune >= 0x205f && rune <= 0x206f)) return false;
  if (rune == 0x1680 || rune == 0x3000 || rune == 0xfeff) return false;
  return rune < 0xd800 || (rune > 0xf8ff && rune != 0xfffe && rune != 0xffff && rune <= 0x10ffff);
}

/// The rune at `at` and its length; U+FFFD of length 1 where the bytes are no UTF-8.
std::pair<uint32_t, size_t> rune_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const size_t length = first < 0x80           ? 1
                        : (first >> 5) == 0x6  ? 2
                        : (first >> 4) == 0xe  ? 3
                        : (first >> 3) == 0x1e ? 4
                                               : 0;
  if (length == 0 || at + length > text.size()) return {0xfffd, 1};
  if (length == 1) return {first, 1};
  uint32_t rune = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if (byte(at + i) >> 6 != 2) return {0xfffd, 1};
    rune = rune << 6 | (byte(at + i) & 0x3f);
  }
  return {rune, length};
}

void check_field_manager(std::string_view manager, FieldErrors& errors) {
  const Path at("fieldManager");
  if (manager.size() > kFieldManagerBytesMax) errors.too_long(at, kFieldManagerBytesMax);
  for (size_t i = 0; i < manager.size();) {
    const auto [rune, length] = rune_at(manager, i);
    if (!is_printable(rune))
      errors.invalid(at, manager, fmt::format("invalid character U+{:04X} (at position {})", rune, i));
    i += length;
  }
}

/// `values` as JSON has them, since upstream prints the whole list.
template <typename Values>
void check_dry_run(const Values& values, FieldErrors& errors) {
  bool known = true;
  std::string list;
  for (const auto& v : values) {
    known &= v == "All";
    list += (list.empty() ? "" : ",") + quote(v);
  }
  if (!known) errors.not_supported_raw(Path("dryRun"), "[" + list + "]", {"All"});
}

std::string_view options_kind(api::Verb verb) {
  if (verb == api::Verb::Update) return "UpdateOptions";
  return verb == api::Verb::Patch ? "PatchOptions" : "CreateOptions";
}

}  // namespace

Result<void> read_write_options(const http::Query& query, bool applies, const Clock& clock,
                                auth::RequestContext& context) {
  context.deadline = Deadline::after(kWriteTimeout, clock);
  FieldErrors errors;
  if (context.verb == api::Verb::Patch && !applies && query.has("force"))
    errors.forbidden(Path("force"), "may not be specified for non-apply patch");
  context.field_manager = query.get("fieldManager");
  check_field_manager(context.field_manager, errors);
  const auto dry_run = query.all("dryRun");
  check_dry_run(dry_run, errors);
  context.dry_run = !dry_run.empty();
  const std::string_view validation = query.get("fieldValidation");
  if (validation == "Strict") {
    context.field_validation = FieldValidation::Strict;
  } else if (validation == "Ignore") {
    context.field_validation = FieldValidation::Ignore;
  } else if (!validation.empty() && validation != "Warn") {
    errors.not_supported(Path("fieldValidation"), validation, {"", "Ignore", "Strict", "Warn"});
  }
  if (!errors.empty()) return errors.to_error("meta.k8s.io", options_kind(context.verb), "");
  return {};
}

Result<void> check_delete_options(const meta::v1::DeleteOptions& options) {
  FieldErrors errors;
  const auto& policy = options.propagationPolicy;
  if (options.orphanDependents && policy)
    errors.invalid(Path("propagationPolicy"), *policy,
                   "orphanDependents and deletionPropagation cannot be both set");
  if (policy && *policy != "Foreground" && *policy != "Background" && *policy != "Orphan")
    errors.not_supported(Path("propagationPolicy"), *policy, {"Foreground", "Background", "Orphan", "nil"});
  check_dry_run(options.dryRun, errors);
  if (!errors.empty()) return errors.to_error("meta.k8s.io", "DeleteOptions", "");
  return {};
}

Result<meta::v1::DeleteOptions> read_delete_options(const http::Query& query, const http::Headers& headers,
                                                    std::string_view body, const Clock& clock,
                                                    auth::RequestContext& context) {
  meta::v1::DeleteOptions out;
  if (!body.empty()) {
    MZ_ASSIGN(out, decode_delete_options(headers, body));
  } else {
    MZ_ASSIGN(out.gracePeriodSeconds, read_int(query, "gracePeriodSeconds"));
    if (query.has("propagationPolicy")) out.propagationPolicy = std::string(query.get("propagationPolicy"));
    if (query.has("orphanDependents")) out.orphanDependents = query.flag("orphanDependents");
    for (std::string_view v : query.all("dryRun")) out.dryRun.emplace_back(v);
  }
  MZ_TRY(check_delete_options(out));
  context.deadline = Deadline::after(kWriteTimeout, clock);
  context.dry_run = !out.dryRun.empty();
  return out;
}

}  // namespace mizzen::apiserver
