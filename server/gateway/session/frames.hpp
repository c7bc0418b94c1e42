// Between what the services speak (server/model) and what goes over the wire (proto/sotto/v1/frames.proto).
#pragma once

#include <string_view>

#include "base/protocol.hpp"
#include "server/model/event.hpp"
#include "server/model/stream.hpp"
#include "server/services/presence/presence_service.hpp"
#include "sotto/v1/frames.pb.h"

namespace sotto::server {

/// Every id of the frame has at most 63 bits; the error names the field that has not.
ServiceResult<void> check_ids(const v1::ClientFrame& frame);
/// Everything of a `message` frame that can be judged without the store. Its ids have been checked.
ServiceResult<NewMessage> to_new_message(v1::OutgoingMessage&& frame);

/// For `hello`.
v1::Limits to_wire(const ProtocolLimits& limits);

v1::ServerFrame to_frame(const Ack& ack);

/// An element of the stream. `whole`: as those see it to whom is_shown_whole applies.
v1::ServerFrame to_frame(const ElementValue& element, bool whole);
/// False where this person is shown less than others: the members of a conversation they are not in. Every
/// other kind of element looks the same to everybody.
bool is_shown_whole(const ElementValue& element, UserId viewer);
v1::ServerFrame to_frame(const MessageView& message);

v1::ServerFrame to_frame(const PresenceNotice& notice);
v1::ServerFrame to_frame(const ServiceError& error);
v1::ServerFrame typing_frame(ConversationId conversation, UserId user);
v1::ServerFrame error_frame(std::string_view code, std::string_view message);

}  // namespace sotto::server
