// The server's values as the API's JSON. Everything of 64 bits, ids and times (milliseconds since 1970), is a
// string, as in the frames of the WebSocket, since JavaScript's numbers cannot hold it.
#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "server/model/conversation.hpp"
#include "server/model/receipt.hpp"
#include "server/model/stream.hpp"
#include "server/model/user.hpp"
#include "server/services/accounts/contact_service.hpp"
#include "server/services/messages/history_service.hpp"

namespace sotto::server {

std::string time_text(Timestamp t);

boost::json::object own_profile(const User& user);
/// What everybody may see.
boost::json::object public_profile(const User& user);
boost::json::object device_json(const Device& device, DeviceId current);
boost::json::array contacts_json(const std::vector<FoundContact>& contacts);
/// With name and members where `viewer` is in it; otherwise only which change it is of.
boost::json::object group_json(const ConversationState& group, UserId viewer);
boost::json::array receipts_json(const std::vector<MemberStatus>& receipts);

// Messages are written by the codec of the frames, straight into text, so that a message of the history is
// the message frame to the letter.
std::string history_json(const HistoryPage& page);
std::string inbox_json(const InboxPage& page, UserId viewer);

}  // namespace sotto::server
