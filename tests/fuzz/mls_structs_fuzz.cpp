// Every structure of RFC 9420 that is read from bytes. What decodes must encode to the same bytes: the
// encoding is canonical, and signatures and hashes are over bytes that were encoded again.
//
//   byte 0       which structure, in the order of kStructures
//   the rest     its encoding
#include <cstdlib>
#include <iterator>

#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sotto/mls/message.hpp"

namespace sotto::mls {
namespace {

void same(ByteView a, ByteView b) {
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) std::abort();
}

template <class T>
void round_trip(ByteView bytes) {
  if (const auto value = parse<T>(bytes)) same(encode(*value), bytes);
}

template <class T>
void round_trip_message(ByteView message, ByteView body, WireFormat format) {
  if (const auto value = parse<T>(body)) same(to_message(format, *value), message);
}

void message(ByteView bytes) {
  const auto head = peek(bytes);
  if (!head) return;
  const ByteView body = bytes.subspan(4);
  switch (head->wire_format) {
    case WireFormat::public_message:
      return round_trip_message<PublicMessage>(bytes, body, head->wire_format);
    case WireFormat::private_message:
      return round_trip_message<PrivateMessage>(bytes, body, head->wire_format);
    case WireFormat::welcome:
      return round_trip_message<Welcome>(bytes, body, head->wire_format);
    case WireFormat::group_info:
      return round_trip_message<GroupInfo>(bytes, body, head->wire_format);
    case WireFormat::key_package:
      return round_trip_message<KeyPackage>(bytes, body, head->wire_format);
  }
  std::abort();  // peek let a format pass that it does not know
}

void extension_contents(ByteView bytes) {
  if (const auto required =
          RequiredCapabilities::from_extension({ExtensionType::required_capabilities, to_bytes(bytes)}))
    same(required->to_extension().data, bytes);
  if (const auto senders = parse_external_senders({ExtensionType::external_senders, to_bytes(bytes)}))
    same(make_external_senders(*senders).data, bytes);
}

/// The order is that of the seeds in mls_seeds.py: new ones go to the end.
constexpr void (*kStructures[])(ByteView) = {message,
                                             round_trip<RatchetTree>,
                                             round_trip<GroupSecrets>,
                                             round_trip<Commit>,
                                             round_trip<Proposal>,
                                             round_trip<GroupInfo>,
                                             round_trip<GroupContext>,
                                             round_trip<LeafNode>,
                                             round_trip<AuthenticatedContent>,
                                             extension_contents,
                                             round_trip<Extensions>};

}  // namespace
}  // namespace sotto::mls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::mls;
  if (size == 0 || data[0] >= std::size(kStructures)) return 0;
  kStructures[data[0]]({data + 1, size - 1});
  return 0;
}
