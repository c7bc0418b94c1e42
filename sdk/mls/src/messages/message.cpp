#include "sotto/mls/message.hpp"

#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"

namespace sotto::mls {

Result<MessageHead> peek(ByteView message) {
  Reader r(message);
  MessageHead head;
  head.wire_format = read_message_head(r);
  if (!r.ok()) return r.error();
  switch (head.wire_format) {
    case WireFormat::public_message: {
      PublicMessage body;
      read(r, body);
      head.content = body.content.type();
      head.sender = body.content.sender;
      head.epoch = body.content.epoch;
      head.group_id = std::move(body.content.group_id);
      break;
    }
    case WireFormat::private_message: {
      PrivateMessage body;
      read(r, body);
      head.content = body.content_type;
      head.epoch = body.epoch;
      head.group_id = std::move(body.group_id);
      break;
    }
    case WireFormat::welcome: {
      Welcome body;
      read(r, body);
      head.cipher_suite = body.cipher_suite;
      for (EncryptedGroupSecrets& s : body.secrets)
        head.recipients.push_back(std::move(s.new_member));
      break;
    }
    case WireFormat::group_info: {
      GroupInfo body;
      read(r, body);
      head.cipher_suite = body.context.cipher_suite;
      head.epoch = body.context.epoch;
      head.group_id = std::move(body.context.group_id);
      break;
    }
    case WireFormat::key_package: {
      KeyPackage body;
      read(r, body);
      head.cipher_suite = body.cipher_suite;
      break;
    }
  }
  r.finish();
  if (!r.ok()) return r.error();
  return head;
}

}  // namespace sotto::mls
