#include "sdk/cli/chat/chat_session.hpp"

#include <algorithm>
#include <variant>

#include "sdk/cli/chat/text_layout.hpp"

namespace sotto::cli {

namespace {

const char* describe(Hole::Cause cause) {
  switch (cause) {
    case Hole::Cause::not_loaded:
      return "PageUp loads what is missing here";
    case Hole::Cause::no_longer_kept:
      return "older messages are no longer kept";
    case Hole::Cause::too_large:
      break;
  }
  return "older messages are too large to be loaded";
}

/// As long as TypingReceived says; a new message ends it earlier.
constexpr std::chrono::seconds kTypingShown{6};

std::string ticks(MessageState state) {
  switch (state) {
    case MessageState::queued:
    case MessageState::encrypting:
    case MessageState::in_flight:
      return "◷";
    case MessageState::blocked:
      return "◷ waits for the failed one";
    case MessageState::sent:
      return "✓";
    case MessageState::delivered:
    case MessageState::read:
      return "✓✓";
    case MessageState::failed:
      return "✗ failed (/retry or /drop)";
    case MessageState::expired:
      return "✗ not sent in time (/retry or /drop)";
    case MessageState::cancelled:
      return "✗ cancelled";
    case MessageState::received:
      break;
  }
  return "";
}

std::string describe(ConnectionState state) {
  switch (state) {
    case ConnectionState::offline:
      return "offline";
    case ConnectionState::connecting:
      return "connecting…";
    case ConnectionState::catching_up:
      return "catching up…";
    case ConnectionState::waiting:
      return "no connection, trying again";
    case ConnectionState::signed_out:
      return "signed out: leave and run sotto login";
    case ConnectionState::superseded:
      return "in use elsewhere: /connect takes it back";
    case ConnectionState::online:
      break;
  }
  return "";
}

}  // namespace

ChatSession::ChatSession(Client& client)
    : client_(client),
      names_([&client](UserId user, Done<Profile> done) { client.user(user, std::move(done)); }),
      connection_(client.connection()) {
  if (auto list = client_.open_conversation_list().get()) list_ = *list;
  refresh();
  if (list_ && !list_->rows().empty()) open(list_->rows().front().id);
  say("Type and press Enter. Tab: next chat. /new +49… starts a chat, /help lists the commands, Ctrl-C "
      "leaves.");
}

void ChatSession::handle(const Event& event) {
  if (const auto* connection = std::get_if<ConnectionChanged>(&event)) {
    connection_ = connection->state;
    connection_cause_ = connection->cause ? connection->cause->message : "";
  } else if (const auto* added = std::get_if<MessageAdded>(&event)) {
    if (added->message.is_mine) return;
    typing_until_.erase(added->message.conversation_id);
    if (added->message.conversation_id != open_id_) bell_ = true;
  } else if (const auto* typing = std::get_if<TypingReceived>(&event)) {
    typing_until_[typing->conversation_id] = std::chrono::steady_clock::now() + kTypingShown;
  } else if (const auto* identified = std::get_if<ConversationIdentified>(&event)) {
    if (open_id_ == identified->provisional) open_id_ = identified->id;
  } else if (const auto* signed_out = std::get_if<SignedOut>(&event)) {
    say(signed_out->cause.message);
  } else if (const auto* failure = std::get_if<ErrorOccurred>(&event)) {
    say(failure->error.message);
  }
}

void ChatSession::refresh() {
  if (list_) list_->poll();
  if (timeline_) timeline_->poll();
  if (!timeline_ && list_ && !list_->rows().empty()) open(list_->rows().front().id);
  mark_open_read();
}

void ChatSession::mark_open_read() {
  if (!timeline_ || scrolled_up_ != 0) return;
  const auto& rows = timeline_->rows();
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    const auto* message = std::get_if<Message>(&row->content);
    if (message == nullptr || message->is_mine) continue;
    if (message->message_id > told_read_) {
      told_read_ = message->message_id;
      client_.mark_read(open_id_, message->message_id, Done<void>([](Result<void>) {}));
    }
    return;
  }
}

void ChatSession::open(ConversationId conversation) {
  if (conversation == open_id_ && timeline_) return;
  if (open_id_) client_.set_draft(open_id_, {line_.text(), {}, 0}, Done<void>([](Result<void>) {}));
  auto timeline = client_.open_timeline(conversation, {}).get();
  if (!timeline) return say(timeline.error().message);
  timeline_ = *timeline;
  open_id_ = conversation;
  told_read_ = MessageId{};
  scrolled_up_ = 0;
  auto draft = client_.draft(conversation).get();
  line_.replace(draft ? draft->text : "");
  timeline_->poll();
  mark_open_read();
}

void ChatSession::move(int by) {
  if (!list_ || list_->rows().empty()) return;
  const auto& rows = list_->rows();
  auto at = std::find_if(rows.begin(), rows.end(), [&](const auto& c) { return c.id == open_id_; });
  const auto size = static_cast<int>(rows.size());
  const int index = at == rows.end() ? 0 : static_cast<int>(at - rows.begin());
  open(rows[static_cast<std::size_t>((index + by + size) % size)].id);
}

void ChatSession::press(const KeyPress& key, std::size_t page_height) {
  switch (key.key) {
    case Key::text:
      line_.insert(key.text);
      if (open_id_ && !line_.text().starts_with('/')) client_.set_typing(open_id_);
      break;
    case Key::new_line:
      line_.insert("\n");
      break;
    case Key::enter:
      enter();
      break;
    case Key::backspace:
      line_.backspace();
      break;
    case Key::erase:
      line_.erase_forward();
      break;
    case Key::erase_word:
      line_.erase_word();
      break;
    case Key::erase_line:
      line_.erase_to_start();
      break;
    case Key::left:
      line_.left();
      break;
    case Key::right:
      line_.right();
      break;
    case Key::home:
      line_.home();
      break;
    case Key::end:
      line_.end();
      break;
    case Key::up:
      line_.history_back();
      break;
    case Key::down:
      line_.history_forward();
      break;
    case Key::next:
      move(1);
      break;
    case Key::previous:
      move(-1);
      break;
    case Key::page_up:
      scrolled_up_ += page_height / 2 + 1;
      load_older();
      break;
    case Key::page_down:
      scrolled_up_ -= std::min(scrolled_up_, page_height / 2 + 1);
      mark_open_read();
      break;
    case Key::redraw:
      break;
    case Key::quit:
      ended_ = true;
      break;
  }
  if (ended_ && open_id_) (void)client_.set_draft(open_id_, {line_.text(), {}, 0}).get();
}

void ChatSession::load_older() {
  if (!timeline_) return;
  timeline_->load_older(50, Done<bool>([this](Result<bool> loaded) {
                          if (!loaded) say(loaded.error().message);
                        }));
}

void ChatSession::enter() {
  notice_.clear();
  run(line_.take());
}

void ChatSession::send(std::string text) {
  if (!open_id_) return say("No chat is open. /new +49… starts one.");
  scrolled_up_ = 0;
  client_.send(open_id_, {std::move(text), {}, {}, {}}, Done<SendReceipt>([this](Result<SendReceipt> sent) {
                 if (!sent) say(sent.error().message);
               }));
  client_.set_draft(open_id_, {}, Done<void>([](Result<void>) {}));
}

const Conversation* ChatSession::open_conversation() const {
  if (!list_) return nullptr;
  for (const auto& conversation : list_->rows()) {
    if (conversation.id == open_id_) return &conversation;
  }
  return nullptr;
}

std::string ChatSession::title_of(const Conversation& c) {
  if (!c.name.empty()) return c.name;
  if (c.peer_id) {
    if (auto name = names_.known(*c.peer_id); !name.empty()) return name;
  }
  return c.kind == ConversationKind::group ? "group" : "somebody new";
}

bool ChatSession::is_typing(ConversationId conversation) const {
  auto until = typing_until_.find(conversation);
  return until != typing_until_.end() && until->second > std::chrono::steady_clock::now();
}

std::vector<ChatLine> ChatSession::lines() {
  std::vector<ChatLine> out;
  if (!timeline_) return out;
  std::string day;
  for (const auto& row : timeline_->rows()) {
    if (std::holds_alternative<Hole>(row.content)) {
      out.push_back({"", "", describe(std::get<Hole>(row.content).cause), "", false, false, false});
      continue;
    }
    const auto& m = std::get<Message>(row.content);
    auto date = local_time(m.created_at, "%A, %-d %B %Y");
    if (date != day) out.push_back({"", "", day = date, "", false, false, false});
    ChatLine line;
    line.time = local_time(m.created_at, "%H:%M");
    line.sender = m.is_mine ? "" : names_.of(m.sender_id);
    line.text = m.text;
    line.ticks = ticks(m.state);
    line.ticks_are_read = m.state == MessageState::read;
    line.is_mine = m.is_mine;
    line.is_problem = m.state == MessageState::failed || m.state == MessageState::expired;
    if (m.failure) line.ticks += ": " + m.failure->message;
    out.push_back(std::move(line));
  }
  return out;
}

ChatPicture ChatSession::picture() {
  ChatPicture out;
  if (list_) {
    for (const auto& c : list_->rows()) {
      out.list.push_back({title_of(c), c.unread_count, c.id == open_id_, is_typing(c.id)});
    }
  }
  if (const auto* c = open_conversation()) {
    out.title = title_of(*c);
    if (c->kind == ConversationKind::group) out.title += " · " + std::to_string(c->member_count) + " members";
    if (!c->is_member) out.title += " · you are no longer a member";
    if (is_typing(c->id)) out.title += " · typing…";
  } else {
    out.title = "Sotto";
  }
  out.connection = describe(connection_);
  if (!out.connection.empty() && !connection_cause_.empty()) out.connection += " (" + connection_cause_ + ")";
  out.notice = notice_;
  out.lines = lines();
  out.scrolled_up = scrolled_up_;
  out.input = line_.text();
  out.input_cursor = line_.cursor();
  return out;
}

}  // namespace sotto::cli
