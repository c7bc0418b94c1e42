// Every frame of the schema, there and back in both subprotocols.
#include "proto/frame_codec.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace sotto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

/// Fills every field with something that is not its default, so that a field the codec forgets is noticed. Of
/// a oneof, the alternative numbered `choice`.
void fill(Message& message, int choice, std::uint64_t seed) {
  const auto& type = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && field->index_in_oneof() != choice % oneof->field_count()) continue;
    const std::uint64_t value = ~seed - static_cast<std::uint64_t>(i);  // needs all 64 bits
    const int count = field->is_repeated() ? 2 : 1;
    for (int n = 0; n < count; ++n) {
      const bool add = field->is_repeated();
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT64:
          add ? reflection.AddUInt64(&message, field, value) : reflection.SetUInt64(&message, field, value);
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          reflection.SetInt64(&message, field, static_cast<std::int64_t>(value >> 1));
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          reflection.SetUInt32(&message, field, static_cast<std::uint32_t>(value));
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, field, true);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          reflection.SetString(
              &message, field,
              field->type() == FieldDescriptor::TYPE_BYTES
                  ? std::string("\0\xff\xfe\x01", 4)
                  : std::string("\"\\/\b\f\n\r\t\x01<\u00e9\u4e2d\U0001F600> ") + std::to_string(i));
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          reflection.SetEnumValue(&message, field, 1);
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          fill(add ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field),
               choice, seed + 1);
          break;
        default:
          FAIL() << "frames.proto has a new kind of field: " << field->full_name();
      }
    }
  }
}

template <class Frame>
std::vector<Frame> every_frame() {
  std::vector<Frame> all;
  const auto* oneof = Frame::descriptor()->oneof_decl(0);
  for (int i = 0; i < oneof->field_count(); ++i) {
    for (int choice = 0; choice < 2; ++choice) {
      Frame frame;
      fill(*frame.GetReflection()->MutableMessage(&frame, oneof->field(i)), choice, 0);
      all.push_back(frame);
      Frame bare;  // nothing in it but the type
      bare.GetReflection()->MutableMessage(&bare, oneof->field(i));
      all.push_back(bare);
    }
  }
  return all;
}

class FrameCodecOf : public testing::TestWithParam<WireFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, FrameCodecOf, testing::Values(WireFormat::binary, WireFormat::json),
                         [](const auto& format) {
                           return format.param == WireFormat::json ? "json" : "binary";
                         });

TEST_P(FrameCodecOf, EveryClientFrameSurvivesTheRoundTrip) {
  for (const auto& frame : every_frame<v1::ClientFrame>()) {
    const auto back = decode_client_frame(GetParam(), encode_frame(GetParam(), frame));
    ASSERT_TRUE(back.ok()) << back.error().message << frame.DebugString();
    EXPECT_TRUE(MessageDifferencer::Equals(*back, frame)) << frame.DebugString() << back->DebugString();
  }
}

TEST_P(FrameCodecOf, EveryServerFrameSurvivesTheRoundTrip) {
  for (const auto& frame : every_frame<v1::ServerFrame>()) {
    const auto back = decode_server_frame(GetParam(), encode_frame(GetParam(), frame));
    ASSERT_TRUE(back.ok()) << back.error().message << frame.DebugString();
    EXPECT_TRUE(MessageDifferencer::Equals(*back, frame)) << frame.DebugString() << back->DebugString();
  }
}

TEST_P(FrameCodecOf, AppendingKeepsWhatIsThere) {
  v1::ServerFrame frame;
  frame.mutable_synced()->set_last_message_id(7);
  std::string out = "head";
  append_frame(GetParam(), frame, out);
  EXPECT_EQ(out, "head" + encode_frame(GetParam(), frame));
}

TEST(FrameCodecJson, IsWhatLibprotobufWritesAndReads) {
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  print.always_print_primitive_fields = true;
  for (const auto& frame : every_frame<v1::ServerFrame>()) {
    const auto* field =
        frame.GetReflection()->GetOneofFieldDescriptor(frame, v1::ServerFrame::descriptor()->oneof_decl(0));
    const Message& inner = frame.GetReflection()->GetMessage(frame, field);
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(inner, &theirs, print).ok());
    // What they wrote, with the type put in front, is read as the same frame.
    const std::string typed =
        "{\"type\":\"" + field->name() + "\"" + (theirs == "{}" ? "" : ",") + theirs.substr(1);
    const auto read = decode_server_frame(WireFormat::json, typed);
    ASSERT_TRUE(read.ok()) << read.error().message << typed;
    EXPECT_TRUE(MessageDifferencer::Equals(*read, frame)) << typed;

    // And they read what is written here.
    std::unique_ptr<Message> mine(inner.New());
    google::protobuf::util::JsonParseOptions parse;
    parse.ignore_unknown_fields = true;  // "type"
    const auto status =
        google::protobuf::util::JsonStringToMessage(encode_frame(WireFormat::json, frame), mine.get(), parse);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(MessageDifferencer::Equals(*mine, inner));
  }
}

TEST(FrameCodecJson, ReadsTheExamplesOfTheProtocol) {
  const auto sync = decode_client_frame(WireFormat::json, R"({"type":"sync","last_seen_message_id":"0"})");
  ASSERT_TRUE(sync.ok());
  EXPECT_TRUE(sync->has_sync());

  const auto message = decode_client_frame(
      WireFormat::json,
      R"({"type":"message","idempotency_key":"7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f","receiver_id":"456","content":"hello","media_url":null})");
  ASSERT_TRUE(message.ok()) << message.error().message;
  EXPECT_EQ(message->message().receiver_id(), 456u);
  EXPECT_EQ(message->message().content(), "hello");
  EXPECT_FALSE(message->message().has_media_url());
}

TEST(FrameCodecJson, WritesTheExampleOfTheProtocol) {
  v1::ServerFrame frame;
  auto& ack = *frame.mutable_ack();
  ack.set_idempotency_key("7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f");
  ack.set_message_id(382901823901829120u);
  ack.set_conversation_id(38290u);
  ack.set_status(v1::Status::sent);
  ack.set_created_at(1795480000000);
  EXPECT_EQ(
      encode_frame(WireFormat::json, frame),
      R"({"type":"ack","idempotency_key":"7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f","message_id":"382901823901829120","conversation_id":"38290","status":"sent","created_at":"1795480000000"})");
}

TEST(FrameCodecJson, ReadsIdsAsNumbersOrStrings) {
  for (const char* id : {"18446744073709551615", "\"18446744073709551615\""}) {
    const auto frame = decode_client_frame(
        WireFormat::json, R"({"last_seen_message_id":)" + std::string(id) + R"(,"type":"sync"})");
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    EXPECT_EQ(frame->sync().last_seen_message_id(), ~std::uint64_t{0});
  }
}

TEST(FrameCodecJson, IgnoresUnknownFieldsOfAnyShape) {
  const auto frame = decode_client_frame(
      WireFormat::json,
      R"({"type":"typing","conversation_id":5,"later":{"a":[1,2,{"b":null}]},"x":1.5e300})");
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_EQ(frame->typing().conversation_id(), 5u);
}

TEST(FrameCodecJson, ReadsBytesInEveryBase64ThatTheMappingAllows) {
  for (const char* text : {"+/8=", "+/8", "-_8=", "-_8"}) {
    const auto frame = decode_client_frame(WireFormat::json,
                                           R"({"type":"message","ciphertext":")" + std::string(text) + "\"}");
    ASSERT_TRUE(frame.ok()) << text << frame.error().message;
    EXPECT_EQ(frame->message().ciphertext(), "\xfb\xff");
  }
}

TEST(FrameCodecBinary, KeepsFieldsOfLaterVersionsHarmless) {
  v1::ClientFrame frame;
  frame.mutable_typing()->set_conversation_id(5);
  frame.GetReflection()->MutableUnknownFields(frame.mutable_typing())->AddVarint(99, 1);
  const auto back = decode_client_frame(WireFormat::binary, encode_frame(WireFormat::binary, frame));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->typing().conversation_id(), 5u);
}

}  // namespace
}  // namespace sotto
