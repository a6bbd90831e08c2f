#include "http/spdy/codec.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace mizzen::http {
namespace {

/// Notes every frame as a line.
struct Notes final : SpdySink {
  std::string text;
  static std::string list(const Headers& headers) {
    std::string out;
    for (const Header& h : headers) out += " " + h.name + "=" + h.value;
    return out;
  }
  void on_syn_stream(uint32_t s, const Headers& h, bool fin) override {
    text += "syn " + std::to_string(s) + list(h) + (fin ? " fin\n" : "\n");
  }
  void on_syn_reply(uint32_t s, const Headers& h, bool fin) override {
    text += "reply " + std::to_string(s) + list(h) + (fin ? " fin\n" : "\n");
  }
  void on_data(uint32_t s, std::string_view b, bool fin) override {
    text += "data " + std::to_string(s) + " " + std::string(b) + (fin ? " fin\n" : "\n");
  }
  void on_reset(uint32_t s, uint32_t status) override {
    text += "reset " + std::to_string(s) + " " + std::to_string(status) + "\n";
  }
  void on_ping(uint32_t id) override { text += "ping " + std::to_string(id) + "\n"; }
  void on_goaway(uint32_t last) override { text += "goaway " + std::to_string(last) + "\n"; }
};

TEST(Spdy, DictionaryIsTheDraftsOwn) {
  const std::string& d = spdy_dictionary();
  EXPECT_EQ(d.size(), 1423u);
  EXPECT_EQ(
      adler32(adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(d.data()), static_cast<uInt>(d.size())),
      0xe3c6a7c2U);
}

TEST(Spdy, FramesComeBackInAnyPieces) {
  SpdyEncoder encoder;
  std::string bytes;  // statement by statement: headers share one compression state, so their order counts
  bytes += encoder.syn_stream(1, {{"streamType", "error"}});
  bytes += encoder.syn_stream(3, {{"streamtype", "stdin"}, {"requestid", "0"}}, true);
  bytes += encoder.syn_reply(3, {});
  bytes += SpdyEncoder::data(3, "hello", false) + SpdyEncoder::data(3, "", true);
  bytes += SpdyEncoder::reset(5, SpdyReset::Cancel) + SpdyEncoder::ping(2) + SpdyEncoder::goaway(3);
  Notes whole;
  SpdyDecoder one;
  ASSERT_TRUE(one.feed(bytes, whole).ok());
  EXPECT_EQ(whole.text,
            "syn 1 streamtype=error\nsyn 3 streamtype=stdin requestid=0 fin\nreply 3\ndata 3 hello\ndata 3  "
            "fin\nreset 5 5\nping 2\n"
            "goaway 3\n");
  for (size_t step = 6; step < 40; ++step) {
    Notes notes;
    SpdyDecoder decoder;
    for (size_t at = 0; at < bytes.size(); at += step)
      ASSERT_TRUE(decoder.feed(std::string_view(bytes).substr(at, step), notes).ok());
    EXPECT_GE(notes.text.size(), whole.text.size());
    EXPECT_TRUE(notes.text.ends_with("goaway 3\n")) << notes.text;
  }
}

TEST(Spdy, HeadersCompressedWithAFullWindowAreRead) {
  // SYN_STREAM 1 with streamtype: error as zlib's defaults (and Go's) compress it: 78 bb and the dictionary's
  // checksum.
  const unsigned char frame[] = {0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x01,
                                 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2,
                                 0x02, 0xa6, 0x23, 0x46, 0x70, 0x3a, 0x2b, 0x29, 0x4a, 0x4d, 0xcc, 0x85,
                                 0x16, 0x25, 0xac, 0xa9, 0xa0, 0x80, 0x06, 0x00, 0x00, 0x00, 0xff, 0xff};
  Notes notes;
  SpdyDecoder decoder;
  ASSERT_TRUE(decoder.feed({reinterpret_cast<const char*>(frame), sizeof frame}, notes).ok());
  EXPECT_EQ(notes.text, "syn 1 streamtype=error\n");
}

TEST(Spdy, MalformedFramesAreErrorsWithBoundedMemory) {
  const std::string cases[] = {
      std::string("\x80\x02\0\1\0\0\0\0", 8),                 // version 2
      std::string("\x80\x03\0\1\0\xff\xff\xff", 8),           // 16 MB control frame
      std::string("\x80\x03\0\7\0\0\0\1x", 9),                // GOAWAY too short
      std::string("\x80\x03\0\x63\0\0\0\0", 8),               // unknown type
      std::string("\0\0\0\0\0\0\0\1x", 9),                    // data on stream 0
      std::string("\x80\x03\0\2\0\0\0\x08\0\0\0\1junk", 16),  // not zlib
  };
  for (const std::string& bytes : cases) {
    Notes notes;
    SpdyDecoder decoder;
    const auto r = decoder.feed(bytes, notes);
    ASSERT_FALSE(r.ok()) << notes.text;
    EXPECT_EQ(r.error().code(), Code::BadRequest);
  }
  SpdyEncoder encoder;
  Headers bomb;
  bomb.add("a", std::string(1'000'000, 'a'));
  Notes notes;
  SpdyDecoder decoder;
  EXPECT_FALSE(decoder.feed(encoder.syn_stream(1, bomb), notes).ok());
  Headers many;
  for (int i = 0; i < 200; ++i) many.add("n" + std::to_string(i), "v");
  SpdyEncoder second;
  SpdyDecoder other;
  EXPECT_FALSE(other.feed(second.syn_stream(1, many), notes).ok());
}

}  // namespace
}  // namespace mizzen::http
