#include "sdk/engine/calls/lookups.hpp"

#include "sdk/engine/json.hpp"
#include "sdk/engine/session/backoff.hpp"
#include "sdk/engine/stream/rising.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

constexpr std::size_t kNumbersAtOnce = 100;

/// A query value: everything but unreserved characters in %XX (RFC 3986 §2.3).
std::string percent_encoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

}  // namespace

void Lookups::load() {
  not_before_.reset();
  failures_ = 0;
  inbox_cursor_.clear();
  members_checked_ = false;
}

void Lookups::connected() {
  not_before_.reset();
  members_checked_ = false;
}

void Lookups::work() {
  if (running_ || !core_.connected()) return;
  if (not_before_ && core_.now.steady < *not_before_) return;
  not_before_.reset();
  if (!outbox_.unaddressed().empty()) return look_up_numbers();
  if (!core_.account->inbox_loaded) return load_inbox_page();
  if (members_checked_) return;
  const auto groups = core_.read().conversations.groups_without_members();
  if (groups.empty())
    members_checked_ = true;
  else
    load_members(groups.front());
}

void Lookups::send(HttpRequest request, std::function<void(const HttpResponse&)> then,
                   std::function<void(const Error&)> failed) {
  running_ = true;
  requests_.send(
      std::move(request), OperationNumber::none,
      [this, then = std::move(then), failed = std::move(failed)](const Result<HttpResponse>& response) {
        running_ = false;
        const bool worked = response.ok();
        if (worked) {
          failures_ = 0;
          return then(*response);
        }
        // What is refused for good is not asked for again soon either: it may be fixed some day.
        const bool passes = response.error().category == ErrorCategory::retryable;
        const Milliseconds delay =
            passes ? full_jitter(core_.random, kBackoffBase, kBackoffCap, failures_++) : kBackoffCap;
        not_before_ =
            core_.now.steady + std::max(delay, std::min(response.error().retry_after, kLongestServerDelay));
        if (failed) failed(response.error());
      });
}

void Lookups::look_up_numbers() {
  std::vector<std::string> numbers;
  std::vector<ConversationRow> rows;
  for (const auto& [first, row] : outbox_.unaddressed()) {
    auto conversation = core_.read().conversations.find(row);
    if (!conversation) continue;
    rows.push_back(row);
    numbers.push_back(conversation->peer_phone);
    if (numbers.size() == kNumbersAtOnce) break;
  }
  auto failed = [this](const Error& error) {
    // The answer may be a long time coming, and what waits for it are other people's messages too.
    if (error.category == ErrorCategory::permanent || error.code == ErrorCode::rate_limited)
      outbox_.expect_addresses(false);
  };
  auto answered = [this, rows, numbers](const HttpResponse& response) {
    outbox_.expect_addresses(true);
    if (!people_.store_contacts(response)) return;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto person = core_.read().people.find_phone(numbers[i]);
      if (!person) {
        outbox_.fail_unaddressed(rows[i], Error(ErrorCode::not_found, "nobody has this phone number"));
        continue;
      }
      outbox_.addressed(directory_.set_peer(rows[i], person->user_id));
    }
  };
  send(look_up(numbers), answered, failed);
}

void Lookups::load_inbox_page() {
  std::string path = "/api/conversations?limit=100";
  if (!inbox_cursor_.empty()) path += "&cursor=" + percent_encoded(inbox_cursor_);
  send({"GET", path, {}, "", {}}, [this](const HttpResponse& response) {
    auto body = JsonObject::parse(response.body);
    const auto items = body ? body->list("conversations") : std::vector<JsonObject>();
    for (const JsonObject& item : items)
      store_inbox_item(item);
    std::string next = body ? body->text("next_cursor") : "";
    // The same place again, or an empty page, ends it: a server cannot keep a client busy for ever.
    if (!next.empty() && next != inbox_cursor_ && !items.empty()) {
      inbox_cursor_ = std::move(next);
      return;
    }
    inbox_cursor_.clear();
    core_.account->inbox_loaded = true;
    core_.write().account.set_inbox_loaded(true);
    members_checked_ = false;
  });
}

void Lookups::store_inbox_item(const JsonObject& item) {
  const auto id = item.id<ConversationId>("conversation_id");
  if (!store::is_valid_id(id.value)) return;
  const bool direct = item.text("kind") == "direct";
  auto conversation = directory_.named_by_server(id);
  auto& store = core_.write();
  const auto last = item.object("last_message");
  if (conversation.change_id == 0) {
    store.conversations.describe(
        conversation.row, direct ? ConversationKind::direct : ConversationKind::group, item.text("name"));
    auto peer = item.id<UserId>("peer_user_id");
    if (!peer && last && last->id<UserId>("sender_id") != core_.me()) peer = last->id<UserId>("sender_id");
    if (direct && store::is_valid_id(peer.value))
      conversation.row = directory_.set_peer(conversation.row, peer);
    if (auto described = store.conversations.find(conversation.row); described && direct) {
      // Receipts may have come before it was known whose are needed.
      store.receipts.expect_reader(*described, described->peer_id);
      rise(core_, *described);
    }
  }
  // The newest message of before this device's time: nothing lies between it and the start of the stream.
  auto now = store.conversations.find(conversation.row);
  if (now && last && now->history_from && history_.store_message(*now, *last))
    store.conversations.set_history_from(now->row, last->id<MessageId>("message_id"));
  core_.touch(conversation.row);
}

void Lookups::load_members(const store::StoredConversation& group) {
  send({"GET", "/api/groups/" + to_string(group.id), {}, "", {}},
       [this, row = group.row](const HttpResponse& response) {
         auto body = JsonObject::parse(response.body);
         if (body) static_cast<void>(groups_.store_group(*body));
         // An answer without members: not again on this connection.
         if (core_.read().members.count(row) == 0) members_checked_ = true;
       });
}

std::optional<Milliseconds> Lookups::deadline() const {
  return core_.connected() ? not_before_ : std::nullopt;
}

}  // namespace sotto::engine
