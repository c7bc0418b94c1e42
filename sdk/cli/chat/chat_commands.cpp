// The slash commands of `sotto chat`.
#include <algorithm>
#include <sstream>

#include <boost/algorithm/string/trim.hpp>

#include "sdk/cli/chat/chat_session.hpp"
#include "sdk/cli/chat/text_layout.hpp"

namespace sotto::cli {

namespace {

struct Command {
  std::string_view usage;
  std::string_view what;
};

// Short enough for a window of 40 columns.
constexpr Command kCommands[] = {
    {"/new PHONE", "start a chat"},
    {"/group NAME PHONE…", "make a group"},
    {"/add PHONE…", "add to this group"},
    {"/members", "who is in this chat"},
    {"/rename NAME", "rename this group"},
    {"/leave", "leave this group"},
    {"/search WORDS", "find messages"},
    {"/retry, /drop", "the failed message"},
    {"/name NAME", "how others see you"},
    {"/block, /unblock", "this person"},
    {"/connect", "connect again"},
    {"/quit", "leave (or Ctrl-C)"},
    {"Tab, Shift-Tab", "next, previous chat"},
    {"PageUp, PageDown", "older, newer"},
    {"Alt-Enter", "a new line"},
    {"//", "begin with a /"},
};
constexpr std::size_t kUsageColumns = 19;

std::string help() {
  std::string text;
  for (const Command& command : kCommands) {
    if (!text.empty()) text += '\n';
    text += command.usage;
    text.append(kUsageColumns - std::min(columns(command.usage), kUsageColumns - 1), ' ');
    text += command.what;
  }
  return text;
}

/// What to type for a command, or "" where there is none of that name.
std::string usage_of(const std::string& name) {
  for (const Command& command : kCommands) {
    const auto end = command.usage.find(' ');
    if (command.usage.substr(0, end) == "/" + name) return std::string(command.usage);
  }
  return "";
}

constexpr std::size_t kHitsShown = 5;

/// One line of a message around the first word found.
std::string excerpt(const SearchHit& hit) {
  constexpr std::size_t kBytesBefore = 40;
  constexpr std::size_t kColumns = 60;
  const std::string& text = hit.message.text;
  std::size_t from = hit.places.empty() ? 0 : hit.places.front().begin;
  from = from > kBytesBefore ? from - kBytesBefore : 0;
  while (from > 0 && from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80)
    ++from;
  std::string line = (from > 0 ? "…" : "") + text.substr(from);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return fit(line, kColumns);
}

/// Commands about the chat that is open.
bool is_of_a_chat(const std::string& name) {
  constexpr std::string_view kNames[] = {"members", "add", "rename", "leave", "block", "unblock"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

void ChatSession::run(std::string_view line) {
  std::string text = boost::trim_copy(std::string(line));
  if (text.empty()) return;
  if (!text.starts_with('/')) return send(std::move(text));
  if (text.starts_with("//")) return send(text.substr(1));
  std::istringstream words(text.substr(1));
  std::string name;
  words >> name;
  std::string rest;
  std::getline(words, rest, '\0');
  boost::trim(rest);
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
    say(help());
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
  } else if (conversation == nullptr && is_of_a_chat(name)) {
    say("No chat is open. /new +49… starts one, Tab goes to the next.");
  } else if (name == "members") {
    show_members();
  } else if (name == "add" && !arguments.empty()) {
    add_members(arguments);
  } else if (name == "rename" && !rest.empty()) {
    client_.rename_group(open_id_, rest, report("Renamed."));
  } else if (name == "leave") {
    client_.leave_group(open_id_, report("You have left the group."));
  } else if (name == "block" && conversation != nullptr && conversation->peer_id) {
    client_.block(*conversation->peer_id, report("Blocked. /unblock takes it back."));
  } else if (name == "unblock" && conversation != nullptr && conversation->peer_id) {
    client_.unblock(*conversation->peer_id, report("No longer blocked."));
  } else if (name == "block" || name == "unblock") {
    say("/" + name + " is for a chat with one person.");
  } else if (auto usage = usage_of(name); !usage.empty()) {
    say("Type it like this: " + usage);
  } else {
    say("There is no command /" + name + ". /help lists them.");
  }
}

void ChatSession::start_chat(const std::string& phone) {
  client_.find_user(phone, Done<Contact>([this, phone](Result<Contact> contact) {
                      if (!contact) {
                        return say(contact.error().code == ErrorCode::not_found
                                       ? "Nobody with the number " + phone + " is on this server."
                                       : contact.error().message);
                      }
                      if (!contact->display_name.empty())
                        names_.learn(contact->user_id, contact->display_name);
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
                      text += me && member.user_id == me->user_id ? "you" : names_.of(member.user_id);
                      if (member.role == Role::admin) text += " (admin)";
                    }
                    say(text);
                  }));
}

void ChatSession::search(const std::string& text) {
  client_.search(
      {text, {}, kHitsShown, {}}, Done<SearchPage>([this, text](Result<SearchPage> page) {
        if (!page) return say(page.error().message);
        const std::string still =
            page->is_complete ? "" : "\nOlder messages are still being indexed: search again later.";
        if (page->hits.empty()) return say("No message has all of: " + text + still);
        open(page->hits.front().message.conversation_id);
        std::string found = page->has_more ? "The newest messages found:" : "Found:";
        for (const SearchHit& hit : page->hits)
          found += "\n" + local_time(hit.message.created_at, "%-d %b %Y %H:%M") + "  " + excerpt(hit);
        say(found + still);
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
