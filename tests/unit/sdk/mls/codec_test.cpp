#include "sdk/mls/src/codec.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sotto/mls/message.hpp"

namespace sotto::mls {
namespace {

std::optional<ErrorCode> length_error(const char* hex) {
  const Bytes bytes = *from_hex(hex);
  Reader r(bytes);
  r.length();
  r.finish();
  if (r.ok()) return std::nullopt;
  return r.error().code;
}

TEST(VectorLength, TheExamplesOfTheStandardDecode) {
  const Bytes four = *from_hex("9d7f3e7d");
  const Bytes two = *from_hex("7bbd");
  const Bytes one = *from_hex("25");
  EXPECT_EQ(Reader(four).length(), 494878333u);
  EXPECT_EQ(Reader(two).length(), 15293u);
  EXPECT_EQ(Reader(one).length(), 37u);
}

TEST(VectorLength, EachSizeIsUsedUpToItsLimit) {
  for (const auto& [n, hex] :
       std::initializer_list<std::pair<std::size_t, const char*>>{{0, "00"},
                                                                  {63, "3f"},
                                                                  {64, "4040"},
                                                                  {16383, "7fff"},
                                                                  {16384, "80004000"},
                                                                  {kMaxVectorLength, "bfffffff"}}) {
    Writer w;
    w.length(n);
    EXPECT_EQ(to_hex(w.view()), hex);
    EXPECT_EQ(length_error(hex), std::nullopt);
  }
}

TEST(VectorLength, ThePrefix11IsRefused) {
  EXPECT_EQ(length_error("c0"), ErrorCode::vector_prefix_invalid);
  EXPECT_EQ(length_error("ffffffffffffffff"), ErrorCode::vector_prefix_invalid);
}

TEST(VectorLength, ALongerEncodingThanNecessaryIsRefused) {
  EXPECT_EQ(length_error("403f"), ErrorCode::vector_length_not_minimal);
  EXPECT_EQ(length_error("80003fff"), ErrorCode::vector_length_not_minimal);
}

TEST(VectorLength, ATruncatedLengthIsRefused) {
  EXPECT_EQ(length_error(""), ErrorCode::truncated);
  EXPECT_EQ(length_error("40"), ErrorCode::truncated);
  EXPECT_EQ(length_error("800040"), ErrorCode::truncated);
}

TEST(Codec, AVectorLongerThanTheInputIsRefusedWithoutReadingIt) {
  const Bytes bytes = *from_hex("bfffffff0102");
  Reader r(bytes);
  EXPECT_TRUE(r.opaque().empty());
  EXPECT_EQ(r.error().code, ErrorCode::truncated);
}

TEST(Codec, APresenceOctetOtherThan0And1IsRefused) {
  const Bytes bytes{2};
  Reader r(bytes);
  EXPECT_FALSE(r.present());
  EXPECT_EQ(r.error().code, ErrorCode::optional_invalid);
}

template <class T>
std::optional<ErrorCode> parse_error(ByteView bytes) {
  const auto parsed = parse<T>(bytes);
  if (parsed) return std::nullopt;
  return parsed.error().code;
}

TEST(Codec, ValuesThatAnEnumerationDoesNotHaveAreRefused) {
  // group_id, epoch, then the sender's type
  for (const char* type : {"00", "05"}) {
    const Bytes bytes = *from_hex(std::string("00") + "0000000000000001" + type + "00000000000100");
    EXPECT_EQ(parse_error<FramedContent>(bytes), ErrorCode::enum_invalid) << "SenderType " << type;
  }
  for (const char* type : {"00", "04"}) {
    const Bytes content =
        *from_hex(std::string("00") + "0000000000000001" + "0100000000" + "00" + type + "00");
    EXPECT_EQ(parse_error<FramedContent>(content), ErrorCode::enum_invalid) << "ContentType " << type;
    const Bytes sealed = *from_hex(std::string("00") + "0000000000000001" + type + "000000");
    EXPECT_EQ(parse_error<PrivateMessage>(sealed), ErrorCode::enum_invalid) << "ContentType " << type;
  }
  for (const char* type : {"00", "03"}) {
    const Bytes id = *from_hex(std::string(type) + "0000");
    EXPECT_EQ(parse_error<PreSharedKey>(id), ErrorCode::enum_invalid) << "PSKType " << type;
    const Bytes commit = *from_hex(std::string("02") + type + "0000");
    EXPECT_EQ(parse_error<Commit>(commit), ErrorCode::enum_invalid) << "ProposalOrRefType " << type;
  }
  for (const char* usage : {"00", "04"}) {
    const Bytes id = *from_hex(std::string("02") + usage + "00" + "0000000000000000" + "00");
    EXPECT_EQ(parse_error<PreSharedKey>(id), ErrorCode::enum_invalid) << "ResumptionPSKUsage " << usage;
  }
  for (const char* source : {"00", "04"}) {
    const Bytes leaf = *from_hex(std::string("0000") + "000100" + "0000000000" + source + "0000");
    EXPECT_EQ(parse_error<LeafNode>(leaf), ErrorCode::enum_invalid) << "LeafNodeSource " << source;
  }
  for (const char* format : {"0000", "0006"}) {
    const Bytes message = *from_hex(std::string("0001") + format);
    Reader r(message);
    read_message_head(r);
    EXPECT_EQ(r.error().code, ErrorCode::enum_invalid) << "WireFormat " << format;
  }
}

TEST(Codec, AMessageOfAnotherProtocolVersionIsRefused) {
  for (const char* version : {"0000", "0002"}) {
    const Bytes message = *from_hex(std::string(version) + "0005");
    EXPECT_EQ(peek(message).error().code, ErrorCode::version_unsupported);
    EXPECT_EQ(KeyPackage::from_message(message).error().code, ErrorCode::version_unsupported);
  }
}

TEST(Codec, InputsOfASizeThatNobodySendsAreRefusedUnread) {
  // Address space without memory behind it: a test that read it would take its time.
  const auto huge = std::make_unique_for_overwrite<std::uint8_t[]>(kMaxInput + 1);
  const ByteView bytes(huge.get(), kMaxInput + 1);
  EXPECT_EQ(parse_error<Remove>(bytes), ErrorCode::value_too_large);
  EXPECT_EQ(peek(bytes).error().code, ErrorCode::value_too_large);
}

TEST(Codec, TheFirstErrorStays) {
  const Bytes bytes = *from_hex("c0");
  Reader r(bytes);
  r.opaque();
  r.u64();
  EXPECT_EQ(r.error().code, ErrorCode::vector_prefix_invalid);
}

TEST(Codec, AnElementCutOffByItsVectorIsRefused) {
  // a vector of 3 bytes that holds one and a half 16-bit values
  const Bytes bytes = *from_hex("03000100ff");
  Reader r(bytes);
  std::vector<CipherSuite> list;
  read_code_points(r, list);
  EXPECT_EQ(r.error().code, ErrorCode::truncated);
}

TEST(Codec, LongNestedVectorsGetLongLengths) {
  Writer w;
  w.vector([&] {
    w.vector([&] { w.raw(Bytes(70, 1)); });
    w.vector([&] { w.raw(Bytes(17000, 2)); });
  });
  Reader r(w.view());
  std::vector<std::size_t> sizes;
  r.vector([&] { sizes.push_back(r.opaque().size()); });
  r.finish();
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{70, 17000}));
}

TEST(Codec, TwoExtensionsOfOneTypeAreRefused) {
  Writer w;
  write(w, Extensions{{ExtensionType{0x000A}, {1}}, {ExtensionType{0x000A}, {2}}});
  const auto list = parse<Extensions>(w.view());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, ErrorCode::extension_duplicate);
}

TEST(Codec, BytesAfterTheEndAreRefused) {
  Bytes bytes = encode(Remove{{3}});
  bytes.push_back(0);
  const auto parsed = parse<Remove>(bytes);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::trailing_bytes);
}

TEST(Codec, BytesAfterTheContentsOfAnExtensionAreRefused) {
  Extension extension = RequiredCapabilities{{}, {}, {CredentialType::basic}}.to_extension();
  ASSERT_TRUE(RequiredCapabilities::from_extension(extension));
  extension.data.push_back(0);
  EXPECT_EQ(RequiredCapabilities::from_extension(extension).error().code, ErrorCode::extension_malformed);
}

TEST(Codec, ExternalSendersAreAVector) {
  const std::vector<ExternalSender> senders{{Bytes(32, 1), Credential::basic(as_bytes("a"))},
                                            {Bytes(32, 2), Credential::x509({{1, 2}, {3}})}};
  const auto parsed = parse_external_senders(make_external_senders(senders));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[1].credential, senders[1].credential);
}

TEST(Codec, UnknownProposalAndCredentialTypesAreCarried) {
  const Proposal proposal = Proposal::custom(ProposalType{0xF00D}, {1, 2, 3});
  const auto parsed = parse<Proposal>(encode(proposal));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, proposal);
  Credential credential;
  credential.type = CredentialType{0xF001};
  credential.unknown = {9, 9};
  const auto again = parse<Credential>(encode(credential));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, credential);
}

TEST(TreeCodec, ATreeThatEndsBlankIsRefused) {
  // one leaf, blank
  const auto tree = parse<RatchetTree>(Bytes{1, 0});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, ErrorCode::tree_ends_blank);
  EXPECT_EQ(parse<RatchetTree>(Bytes{0}).error().code, ErrorCode::tree_ends_blank);
}

// RFC 9420 §12.4.3.3: "the length of the array MUST be odd".
TEST(TreeCodec, ATreeThatEndsInAParentIsRefused) {
  LeafNode leaf;
  leaf.source = LeafNodeSource::update;
  Writer w;
  w.vector([&] {
    w.u8(1);
    w.u8(1);
    write(w, leaf);
    w.u8(1);
    w.u8(2);
    write(w, ParentNode{Bytes(32, 1), {}, {}});
  });
  EXPECT_EQ(parse<RatchetTree>(w.view()).error().code, ErrorCode::tree_malformed);
}

TEST(TreeCodec, AParentInALeafsPlaceIsRefused) {
  Writer w;
  w.vector([&] {
    w.u8(1);
    w.u8(2);
    write(w, ParentNode{Bytes(32, 1), {}, {}});
  });
  EXPECT_EQ(parse<RatchetTree>(w.view()).error().code, ErrorCode::tree_malformed);
}

TEST(Codec, SecretWritersGiveWhatOpenOnesGive) {
  Writer secret(Writer::Content::secret);
  Writer open;
  for (Writer* w : {&secret, &open}) {
    w->u64(7);
    w->opaque(Bytes(1000, 3));
  }
  EXPECT_EQ(as_text(secret.take_secret().view()), as_text(open.take()));
}

}  // namespace
}  // namespace sotto::mls
