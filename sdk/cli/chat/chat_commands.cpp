// The slash commands of `sotto chat`.
#include <sstream>

#include "sdk/cli/chat/chat_session.hpp"

namespace sotto::cli {

namespace {

constexpr char kHelp[] =
    "/new PHONE  /group NAME PHONE…  /add PHONE…  /members  /rename NAME  /leave  /search TEXT  "
    "/retry  /drop  /name YOURS  /block  /unblock  /connect  /quit   "
    "Alt-Enter: new line  PageUp: older";

std::string trimmed(std::string text) {
  const auto from = text.find_first_not_of(" \n");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \n") - from + 1);
}

}  // namespace

void ChatSession::run(std::string_view line) {
  std::string text = trimmed(std::string(line));
  if (text.empty()) return;
  if (!text.starts_with('/')) return send(std::move(text));
  if (text.starts_with("//")) return send(text.substr(1));
  std::istringstream words(text.substr(1));
  std::string name;
  words >> name;
  std::string rest;
  std::getline(words, rest, '\0');
  rest = trimmed(rest);
  std::istringstream again(rest);
  Arguments arguments;
  for (std::string word; again >> word;)
    arguments.push_back(word);
  command(name, arguments, rest);
}

Done<void> ChatSession::report(std::string done) {
  return Done<void>(
      [this, done = std::move(done)](Result<void> result) { say(result ? done : result.error().message); });
}

void ChatSession::command(const std::string& name, const Arguments& arguments, const std::string& rest) {
  const auto* conversation = open_conversation();
  if (name == "quit" || name == "q") {
    ended_ = true;
  } else if (name == "help") {
    say(kHelp);
  } else if (name == "new" && arguments.size() == 1) {
    start_chat(arguments[0]);
  } else if (name == "group" && arguments.size() >= 2) {
    create_group(arguments);
  } else if (name == "name" && !rest.empty()) {
    client_.update_profile(
        {rest, {}, {}, {}}, Done<Profile>([this](Result<Profile> profile) {
          say(profile ? "The others see you as " + profile->display_name + " now." : profile.error().message);
        }));
  } else if (name == "search" && !rest.empty()) {
    search(rest);
  } else if (name == "connect") {
    client_.connect(report("Connecting."));
  } else if (name == "retry" || name == "drop") {
    retry_failed(name == "drop");
  } else if (conversation == nullptr) {
    say("There is no such command, or no chat is open. /help lists the commands.");
  } else if (name == "members") {
    show_members();
  } else if (name == "add" && !arguments.empty()) {
    add_members(arguments);
  } else if (name == "rename" && !rest.empty()) {
    client_.rename_group(open_id_, rest, report("Renamed."));
  } else if (name == "leave") {
    client_.leave_group(open_id_, report("You have left the group."));
  } else if (name == "block" && conversation->peer_id) {
    client_.block(*conversation->peer_id, report("Blocked. /unblock takes it back."));
  } else if (name == "unblock" && conversation->peer_id) {
    client_.unblock(*conversation->peer_id, report("No longer blocked."));
  } else {
    say("/" + name + " is no command here, or needs something after it. /help lists the commands.");
  }
}

void ChatSession::start_chat(const std::string& phone) {
  client_.find_user(phone, Done<Contact>([this, phone](Result<Contact> contact) {
                      if (!contact) {
                        return say(contact.error().code == ErrorCode::not_found
                                       ? "Nobody with the number " + phone + " is on this server."
                                       : contact.error().message);
                      }
                      if (!contact->display_name.empty()) names_[contact->user_id] = contact->display_name;
                      auto conversation = client_.open_direct(contact->user_id).get();
                      if (!conversation) return say(conversation.error().message);
                      open(*conversation);
                      say("Say hello.");
                    }));
}

void ChatSession::create_group(const Arguments& arguments) {
  // The name is everything before the first number.
  std::string name;
  std::vector<std::string> phones;
  for (const auto& argument : arguments) {
    if (argument.starts_with('+')) {
      phones.push_back(argument);
    } else if (phones.empty()) {
      name += (name.empty() ? "" : " ") + argument;
    }
  }
  if (name.empty() || phones.empty())
    return say("/group NAME PHONE…, like: /group Sunday hike +4915112345678 +4915112345679");
  client_.discover(
      phones, Done<std::vector<Contact>>([this, name, phones](Result<std::vector<Contact>> found) {
        if (!found) return say(found.error().message);
        if (found->size() < phones.size())
          return say("Only " + std::to_string(found->size()) + " of these numbers are on this server.");
        std::vector<UserId> members;
        for (const auto& contact : *found)
          members.push_back(contact.user_id);
        client_.create_group(name, members, Done<Conversation>([this](Result<Conversation> group) {
                               if (!group) return say(group.error().message);
                               open(group->id);
                             }));
      }));
}

void ChatSession::add_members(const Arguments& phones) {
  client_.discover(phones,
                   Done<std::vector<Contact>>([this, group = open_id_](Result<std::vector<Contact>> found) {
                     if (!found) return say(found.error().message);
                     std::vector<UserId> members;
                     for (const auto& contact : *found)
                       members.push_back(contact.user_id);
                     if (members.empty()) return say("None of these numbers is on this server.");
                     client_.add_members(group, members, report("Added."));
                   }));
}

void ChatSession::show_members() {
  client_.members(open_id_, Done<std::vector<Member>>([this](Result<std::vector<Member>> members) {
                    if (!members) return say(members.error().message);
                    const auto me = client_.account();
                    std::string text = "Members: ";
                    for (const auto& member : *members) {
                      if (&member != &members->front()) text += ", ";
                      text += me && member.user_id == me->user_id ? "you" : name_of(member.user_id);
                      if (member.role == Role::admin) text += " (admin)";
                    }
                    say(text);
                  }));
}

void ChatSession::search(const std::string& text) {
  client_.search({text, {}, 20, {}}, Done<SearchPage>([this, text](Result<SearchPage> page) {
                   if (!page) return say(page.error().message);
                   if (page->hits.empty()) return say("Nothing contains “" + text + "”.");
                   const auto& hit = page->hits.front().message;
                   open(hit.conversation_id);
                   say(std::to_string(page->hits.size()) + (page->has_more ? " or more" : "") +
                       " found; the newest: " + hit.text);
                 }));
}

void ChatSession::retry_failed(bool drop) {
  if (!timeline_) return;
  for (const auto& row : timeline_->rows()) {
    const auto* message = std::get_if<Message>(&row.content);
    if (message == nullptr ||
        (message->state != MessageState::failed && message->state != MessageState::expired))
      continue;
    if (drop) return (void)client_.delete_message(message->local_id, report("Dropped."));
    return (void)client_.retry_message(message->local_id, report("Trying again."));
  }
  say("Nothing has failed here.");
}

}  // namespace sotto::cli
