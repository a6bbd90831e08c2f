#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mizzen {

/// The largest file read_file accepts where its caller names no other bound.
inline constexpr size_t kFileBytesMax = 16u << 20;

/// The text of an errno value with what was being done: `open /x: no such file or directory`. ENOENT is
/// NotFound, EEXIST AlreadyExists, EACCES and EPERM Forbidden, ENOSPC, EDQUOT, EMFILE and ENFILE
/// ServiceUnavailable, else InternalError.
Error system_error(std::string_view doing, int error_number);

/// The whole file. NotFound where it is absent, RequestEntityTooLarge where it is longer than bytes_max. Also
/// right for files whose size the kernel does not tell (/proc, cgroups).
Result<std::string> read_file(const std::string& path, size_t bytes_max = kFileBytesMax);

/// Puts `bytes` at `path` so that a reader, also after a crash, sees the old file or the new one, never a
/// part: a temporary file beside it with exactly `mode`, fsync, rename, fsync of the folder. The folder must
/// exist.
Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);

/// Makes the names in a folder durable: what was made in it is still there after a loss of power.
Result<void> sync_folder(const std::string& path);
/// Makes the folder and what is missing above it; folders made here get exactly `mode`, existing ones are
/// left alone. Not durable before sync_folder() of the folder above.
Result<void> make_folders(const std::string& path, unsigned mode = 0755);

/// True where something (also a dangling link) stands at `path`.
bool path_exists(const std::string& path);

}  // namespace mizzen
