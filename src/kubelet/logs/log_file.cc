#include "kubelet/logs/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace mizzen::kubelet {
namespace {

constexpr size_t kTimeDigits = 9;

/// Go prints 9 digits of a second here, whatever the runtime wrote.
std::string with_nine_digits(std::string_view time) {
  const auto dot = time.find('.');
  const auto zone = time.find_first_of("Z+-", dot == std::string_view::npos ? 19 : dot);
  if (zone == std::string_view::npos) return std::string(time);
  std::string digits(dot == std::string_view::npos ? "" : time.substr(dot + 1, zone - dot - 1));
  digits.resize(kTimeDigits, '0');
  return fmt::format("{}.{}{}", time.substr(0, dot == std::string_view::npos ? zone : dot), digits,
                     time.substr(zone));
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  const auto third = second == std::string_view::npos ? second : line.find(' ', second + 1);
  if (third == std::string_view::npos) return std::nullopt;
  LogLine out;
  out.time = line.substr(0, first);
  out.stream = line.substr(first + 1, second - first - 1);
  const auto tags = line.substr(second + 1, third - second - 1);
  out.partial = tags.substr(0, tags.find(':')) == "P";
  out.text = line.substr(third + 1);
  if (out.stream != "stdout" && out.stream != "stderr") return std::nullopt;
  return out;
}

LogFile::LogFile(std::string path, linux::Fd fd, LogOptions options)
    : path_(std::move(path)),
      fd_(std::move(fd)),
      options_(std::move(options)),
      left_(options_.limit_bytes.value_or(-1)) {}

Result<LogFile> LogFile::open(const std::string& path, const LogOptions& options) {
  linux::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + path, errno);
  LogFile out(path, std::move(fd), options);
  if (options.tail_lines) MZ_TRY(out.seek_to_tail(*options.tail_lines));
  return out;
}

Result<void> LogFile::seek_to_tail(int64_t lines) {
  struct stat st{};
  if (::fstat(fd_.get(), &st) != 0) return system_error("stat " + path_, errno);
  off_t at = st.st_size;
  off_t begin = 0;
  int64_t found = 0;
  std::string block(kLogChunkBytesMax, '\0');
  while (at > 0 && begin == 0 && lines > 0) {
    const auto size = std::min<off_t>(at, static_cast<off_t>(block.size()));
    at -= size;
    if (::pread(fd_.get(), block.data(), static_cast<size_t>(size), at) != size)
      return system_error("read " + path_, errno);
    for (off_t i = size - 1; i >= 0; --i) {
      if (block[static_cast<size_t>(i)] != '\n' || at + i == st.st_size - 1) continue;
      if (++found == lines) {
        begin = at + i + 1;
        break;
      }
    }
  }
  if (lines <= 0) begin = st.st_size;
  if (::lseek(fd_.get(), begin, SEEK_SET) < 0) return system_error("seek " + path_, errno);
  return {};
}

void LogFile::take(std::string_view line, std::string& out) {
  const auto parsed = parse_log_line(line);
  if (!parsed) return;
  if (options_.since && !mid_line_) {
    const auto time = codec::parse_time(parsed->time);
    if (time.ok() && *time < *options_.since) return;
  }
  if (options_.timestamps && !mid_line_) out += with_nine_digits(parsed->time) + " ";
  out += parsed->text;
  if (!parsed->partial) out += '\n';
  mid_line_ = parsed->partial;
}

Result<std::string> LogFile::next() {
  std::string out;
  std::string block(kLogChunkBytesMax, '\0');
  while (out.empty() && left_ != 0) {
    const ssize_t n = ::read(fd_.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read " + path_, errno);
    if (n == 0) break;
    rest_.append(block.data(), static_cast<size_t>(n));
    size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      take(std::string_view(rest_).substr(begin, end - begin), out);
      begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() > kLogLineBytesMax)
      rest_.clear();  // the runtime cuts lines at 16 KiB: this is no log of it
  }
  if (left_ > 0) {
    if (static_cast<int64_t>(out.size()) > left_) out.resize(static_cast<size_t>(left_));
    left_ -= static_cast<int64_t>(out.size());
  }
  return out;
}

Result<bool> LogFile::reopen_if_replaced() {
  struct stat now{}, here{};
  if (::stat(path_.c_str(), &now) != 0 || ::fstat(fd_.get(), &here) != 0) return false;
  if (now.st_ino == here.st_ino && now.st_dev == here.st_dev) return false;
  if (::lseek(fd_.get(), 0, SEEK_CUR) < here.st_size) return true;  // first what the old one still got
  linux::Fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + path_, errno);
  fd_ = std::move(fd);
  rest_.clear();
  return true;
}

}  // namespace mizzen::kubelet
