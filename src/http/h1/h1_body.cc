#include <algorithm>

#include "http/h1/h1_head.h"

namespace mizzen::http {
namespace {
constexpr uint64_t kChunkFree = 16;

Error malformed(const char* what) {
  return Error(Code::BadRequest, std::string("malformed chunked encoding: ") + what);
}
}  // namespace

Result<size_t> H1BodyReader::take_line(std::string_view in, std::string_view& line, bool& whole) {
  const size_t lf = in.find('\n');
  const size_t n = lf == std::string_view::npos ? in.size() : lf + 1;
  line_bytes_ += static_cast<uint32_t>(std::min<size_t>(n, kChunkLineMax + 1));
  if (line_bytes_ > kChunkLineMax) return malformed("line too long");
  line_.append(in.substr(0, n));
  whole = lf != std::string_view::npos;
  if (whole) {
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return malformed("bare LF");
    line_.resize(line_.size() - 2);
    if (line_.find('\r') != std::string::npos || line_.find('\0') != std::string::npos)
      return malformed("control character");
    line = line_;
  }
  return n;
}

Result<void> H1BodyReader::begin_chunk(std::string_view line) {
  const std::string_view digits = line.substr(0, line.find(';'));
  uint64_t size = 0;
  if (digits.empty() || digits.size() > 15) return malformed("chunk size");
  for (const char c : digits) {
    int value = 0;
    if (c >= '0' && c <= '9')
      value = c - '0';
    else if (c >= 'a' && c <= 'f')
      value = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      value = c - 'A' + 10;
    else
      return malformed("chunk size");
    size = size * 16 + static_cast<uint64_t>(value);
  }
  left_ = size;
  state_ = size == 0 ? State::Trailer : State::Data;
  // Extensions must be paid for by data, or a peer could send lines for ever; what every chunk needs is free,
  // however small it is. As Go's net/http has it.
  if (size > 0) line_bytes_ -= static_cast<uint32_t>(std::min<uint64_t>(line_bytes_, kChunkFree + 2 * size));
  return {};
}

Result<size_t> H1BodyReader::feed(std::string_view in, std::string& out, size_t out_max) {
  size_t taken = 0;
  while (!in.empty() && state_ != State::Done) {
    size_t n = 0;
    if (state_ == State::Data) {
      if (out_max == 0) break;
      n = std::min(in.size(), out_max);
      if (kind_ != Kind::ToEof) n = static_cast<size_t>(std::min<uint64_t>(n, left_));
      out.append(in.substr(0, n));
      out_max -= n;
      if (kind_ != Kind::ToEof) left_ -= n;
      if (kind_ == Kind::Length && left_ == 0) state_ = State::Done;
      if (kind_ == Kind::Chunked && left_ == 0) state_ = State::AfterData;
    } else {
      std::string_view line;
      bool whole = false;
      MZ_ASSIGN(n, take_line(in, line, whole));
      if (whole) {
        if (state_ == State::AfterData) {
          if (!line.empty()) return malformed("no CRLF after a chunk");
          state_ = State::Size;
        } else if (state_ == State::Size) {
          MZ_TRY(begin_chunk(line));
        } else if (line.empty()) {
          state_ = State::Done;  // trailer fields were read and are not passed on
        }
        line_ = std::string();
      }
    }
    in.remove_prefix(n);
    taken += n;
  }
  return taken;
}

bool H1BodyReader::on_eof() {
  if (kind_ == Kind::ToEof) state_ = State::Done;
  return done();
}

}  // namespace mizzen::http
