// Bytes that are no frame: each is refused, and the refusal names what is wrong.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.hpp"
#include "proto/frame_codec.hpp"

namespace sotto {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

FrameError refusal(WireFormat format, std::string_view bytes) {
  auto frame = decode_client_frame(format, bytes);
  if (frame.ok()) {
    ADD_FAILURE() << "accepted: " << bytes;
    return {};
  }
  EXPECT_FALSE(frame.error().message.empty());
  EXPECT_TRUE(is_valid_utf8(frame.error().message));
  return frame.error();
}

struct BadJson {
  const char* frame;
  const char* message;  ///< how the error begins
};

class BadJsonFrame : public testing::TestWithParam<BadJson> {};

TEST_P(BadJsonFrame, IsRefusedWithTheNameOfWhatIsWrong) {
  const FrameError error = refusal(WireFormat::json, GetParam().frame);
  EXPECT_EQ(error.code, "bad_frame");
  EXPECT_THAT(error.message, StartsWith(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Frames, BadJsonFrame,
    testing::Values(
        BadJson{"", "not JSON"}, BadJson{"{", "not JSON"}, BadJson{"{}x", "not JSON"},
        BadJson{"{'type':'sync'}", "not JSON"}, BadJson{R"({"type":"sync",})", "not JSON"},
        BadJson{"{type:\"sync\"}", "not JSON"}, BadJson{"\xef\xbb\xbf{\"type\":\"sync\"}", "not JSON"},
        BadJson{"{\"type\":\"sy\xff\"}", "not JSON"},
        BadJson{R"({"type":"message","content":"\ud800"})", "not JSON"},
        BadJson{R"({"type":"sync","last_seen_message_id":01})", "not JSON"},
        BadJson{R"({"type":"sync","last_seen_message_id":NaN})", "not JSON"},
        BadJson{"[]", "a frame is a JSON object"}, BadJson{"null", "a frame is a JSON object"},
        BadJson{"\"sync\"", "a frame is a JSON object"}, BadJson{"{}", "type: missing"},
        BadJson{R"({"type":1})", "type: must be a string"},
        BadJson{R"({"type":null})", "type: must be a string"},
        BadJson{R"({"type":"sync","last_seen_message_id":-1})",
                "sync.last_seen_message_id: -1 is out of range"},
        BadJson{R"({"type":"sync","last_seen_message_id":1.5})",
                "sync.last_seen_message_id: must be a whole number"},
        BadJson{R"({"type":"sync","last_seen_message_id":1.0})",
                "sync.last_seen_message_id: must be a whole number"},
        BadJson{R"({"type":"sync","last_seen_message_id":1e3})",
                "sync.last_seen_message_id: must be a whole number"},
        BadJson{R"({"type":"sync","last_seen_message_id":18446744073709551616})",
                "sync.last_seen_message_id: must be a whole number within 64 bits"},
        BadJson{R"({"type":"sync","last_seen_message_id":"18446744073709551616"})",
                "sync.last_seen_message_id: 18446744073709551616 is out of range"},
        BadJson{R"({"type":"sync","last_seen_message_id":""})",
                "sync.last_seen_message_id: must be decimal digits"},
        BadJson{R"({"type":"sync","last_seen_message_id":" 1"})",
                "sync.last_seen_message_id: must be decimal digits"},
        BadJson{R"({"type":"sync","last_seen_message_id":"-1"})",
                "sync.last_seen_message_id: must be decimal digits"},
        BadJson{R"({"type":"sync","last_seen_message_id":"0x1"})",
                "sync.last_seen_message_id: must be decimal digits"},
        BadJson{R"({"type":"sync","last_seen_message_id":true})",
                "sync.last_seen_message_id: must be a number or a string of digits, not a boolean"},
        BadJson{R"({"type":"sync","last_seen_message_id":{}})",
                "sync.last_seen_message_id: must be a number or a string of digits, not an object"},
        BadJson{R"({"type":"message","content":5})", "message.content: must be a string, not a number"},
        BadJson{R"({"type":"message","content":["a"]})", "message.content: must be a string, not an array"},
        BadJson{R"({"type":"message","ciphertext":"?"})", "message.ciphertext: is not base64"},
        BadJson{R"({"type":"message","ciphertext":"QQ=Q"})", "message.ciphertext: is not base64"},
        BadJson{R"({"type":"message","content":"a","ciphertext":"QQ=="})",
                "message.ciphertext: cannot be given together with content"},
        BadJson{R"({"type":"delivered","message_ids":5})",
                "delivered.message_ids: must be an array, not a number"},
        BadJson{R"({"type":"delivered","message_ids":[1,null]})",
                "delivered.message_ids[1]: must be a number"},
        BadJson{R"({"type":"delivered","message_ids":[1,"2",-3]})",
                "delivered.message_ids[2]: -3 is out of range"}));

TEST(FrameCodecJson, RefusesNestingThatWouldEatTheStack) {
  const std::string deep =
      R"({"type":"sync","x":)" + std::string(50'000, '[') + std::string(50'000, ']') + "}";
  EXPECT_THAT(refusal(WireFormat::json, deep).message, StartsWith("not JSON"));
}

TEST(FrameCodecJson, NamesAnUnknownTypeWithoutRepeatingAllOfIt) {
  const FrameError small = refusal(WireFormat::json, R"({"type":"tpying"})");
  EXPECT_EQ(small.code, "unknown_type");
  EXPECT_THAT(small.message, HasSubstr("\"tpying\""));

  std::string long_name;
  for (int i = 0; i < 10'000; ++i)
    long_name += "\u4e2d";
  const FrameError large = refusal(WireFormat::json, "{\"type\":\"" + long_name + "\"}");
  EXPECT_EQ(large.code, "unknown_type");
  EXPECT_LT(large.message.size(), 120u);
}

TEST(FrameCodecJson, TellsWhichMessageWasRefused) {
  const FrameError error =
      refusal(WireFormat::json, R"({"type":"message","idempotency_key":"k","receiver_id":-5,"content":"x"})");
  EXPECT_EQ(error.message, "message.receiver_id: -5 is out of range");
  EXPECT_EQ(error.idempotency_key, "k");
}

TEST(FrameCodecBinary, RefusesAnEmptyFrame) {
  const FrameError error = refusal(WireFormat::binary, "");
  EXPECT_EQ(error.code, "bad_frame");
  EXPECT_EQ(error.message, "frame: empty");
}

TEST(FrameCodecBinary, TellsAnUnknownFrameFromAnEmptyOne) {
  const FrameError error =
      refusal(WireFormat::binary, std::string("\x3a\x00", 2));  // field 7, zero bytes long
  EXPECT_EQ(error.code, "unknown_type");
  EXPECT_THAT(error.message, HasSubstr("7"));
}

TEST(FrameCodecBinary, NamesTheFieldThatIsNotUtf8) {
  const FrameError error = refusal(WireFormat::binary, "\x12\x03\x22\x01\xff");  // message.content = "\xff"
  EXPECT_EQ(error.code, "bad_frame");
  EXPECT_EQ(error.message, "frame.message.content: not UTF-8");
}

TEST(FrameCodecBinary, RefusesEveryTruncationOfAFrame) {
  v1::ClientFrame frame;
  auto& message = *frame.mutable_message();
  message.set_idempotency_key("7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f");
  message.set_conversation_id(1);
  message.set_content("hello");
  const std::string whole = encode_frame(WireFormat::binary, frame);
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_EQ(refusal(WireFormat::binary, std::string_view(whole).substr(0, length)).code, "bad_frame")
        << length;
  }
}

TEST(FrameCodec, SurvivesEveryOneByteDamageOfAFrame) {
  v1::ClientFrame frame;
  frame.mutable_delivered()->set_conversation_id(77);
  frame.mutable_delivered()->add_message_ids(1);
  frame.mutable_delivered()->add_message_ids(1ull << 63);
  for (const WireFormat format : {WireFormat::binary, WireFormat::json}) {
    const std::string whole = encode_frame(format, frame);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(byte);
        const auto result = decode_client_frame(format, damaged);
        if (result.ok()) continue;
        ASSERT_TRUE(is_valid_utf8(result.error().message)) << at << " " << byte;
      }
    }
  }
}

TEST(FrameCodec, SurvivesRandomBytes) {
  discard_protobuf_logs();
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random());
    (void)decode_client_frame(WireFormat::binary, bytes);
    (void)decode_server_frame(WireFormat::binary, bytes);
    (void)decode_client_frame(WireFormat::json, bytes);
  }
}

}  // namespace
}  // namespace sotto
