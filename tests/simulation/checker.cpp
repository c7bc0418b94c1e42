#include "tests/simulation/checker.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tests/simulation/server_truth.hpp"

namespace sotto::sim {

namespace {

constexpr int kDelivered = 2;  // of the receipts table
constexpr int kRead = 3;

class Checker {
 public:
  Checker(SimServer& server, const std::vector<std::unique_ptr<SimDevice>>& devices, const Ledger& ledger)
      : truth_(read_truth(server)), devices_(devices), ledger_(ledger) {}

  std::vector<std::string> check() {
    for (const auto& message : truth_.messages)
      all_.emplace(message.id, message);
    for (const auto& [id, message] : ledger_.remembered())
      if (all_.emplace(id, message).second) gone_.insert(id);
    // A key is known as long as its message is kept: what is sent again after that is new (G2).
    for (const auto& [id, message] : all_)
      copies_[message.text] += gone_.contains(id) ? 0 : 1;
    for (const auto& [text, copies] : copies_) {
      if (copies > 1) say("G2: the server has \"" + text + "\" " + std::to_string(copies) + " times");
    }
    for (const auto& device : devices_) {
      for (const auto& complaint : device->complaints())
        say(complaint);
      if (!device->account() || device->engine() == nullptr) continue;
      read_device(*device);
    }
    for (const auto& device : devices_) {
      if (!device->account() || device->engine() == nullptr) continue;
      check_timelines(*device);
      check_witness(*device);
      check_order(*device);
      check_statuses(*device);
      check_sign_out(*device);
      check_groups(*device);
      check_presence(*device);
    }
    check_receipts_are_true();
    check_deleted_are_old();
    check_nothing_after_sign_out();
    check_prying();
    check_blocks();
    check_deletions();
    return std::move(problems_);
  }

 private:
  using Timeline = std::vector<Message>;  // oldest first

  void say(std::string what) { problems_.push_back(std::move(what)); }
  static std::string name(const SimDevice& device) { return "device " + std::to_string(device.number()); }

  void read_device(SimDevice& device) {
    auto conversations = device.engine()->conversations();
    if (!conversations) return say(name(device) + " cannot list its conversations");
    for (const auto& conversation : *conversations) {
      auto& timeline = timelines_[{&device, conversation.id}];
      // Oldest first, from before everything: what is not acknowledged has no id to page from and comes at
      // the end.
      MessageId after{1};
      for (;;) {
        auto page = device.engine()->messages({conversation.id, {}, after, 100});
        if (!page) return say(name(device) + " cannot read a conversation");
        const MessageId before = after;
        for (auto& message : page->messages) {
          if (!message.message_id) continue;
          after = message.message_id;
          timeline.push_back(std::move(message));
        }
        if (after == before) break;
      }
      // A new device may know the last message of before its time from the list of conversations; what is
      // promised begins with the device.
      std::erase_if(timeline, [&](const Message& message) {
        return message.message_id && message.message_id.value <= device.begins().value;
      });
      check_unread(device, conversation, timeline);
      check_read(device, conversation);
      for (const auto& message : timeline) {
        if (!message.message_id) continue;
        holders_[message.message_id].insert(device.account()->user_id);
        if (!device.is_out()) tellers_[message.message_id].insert(device.account()->user_id);
      }
    }
  }

  void check_unread(const SimDevice& device, const Conversation& conversation, const Timeline& timeline) {
    const auto unread = std::count_if(timeline.begin(), timeline.end(), [&](const Message& message) {
      return !message.is_mine && message.message_id > conversation.read_up_to;
    });
    if (unread != static_cast<std::ptrdiff_t>(conversation.unread_count)) {
      say(name(device) + " counts " + std::to_string(conversation.unread_count) + " unread in conversation " +
          to_string(conversation.id) + " and holds " + std::to_string(unread));
    }
  }

  /// What was read here is known to the server, and through it to everybody else.
  void check_read(const SimDevice& device, const Conversation& conversation) {
    if (truth_.deleted.contains(conversation.id) || !conversation.read_up_to || device.is_out()) return;
    const auto known = truth_.read_up_to.find({conversation.id, device.account()->user_id});
    if (known == truth_.read_up_to.end() || known->second < conversation.read_up_to) {
      say("G5: " + name(device) + " has read conversation " + to_string(conversation.id) + " up to " +
          to_string(conversation.read_up_to) + ", and the server does not know");
    }
  }

  void check_timelines(const SimDevice& device) {
    const auto account = *device.account();
    std::map<ConversationId, std::vector<const TrueMessage*>> expected;
    for (const auto& [id, message] : all_) {
      if (id.value > device.begins().value && truth_.may_see(account.user_id, message)) {
        expected[message.conversation].push_back(&message);
      }
    }
    for (const auto& [conversation, messages] : expected) {
      const auto found = timelines_.find({&device, conversation});
      const Timeline none;
      compare(device, conversation, messages, found == timelines_.end() ? none : found->second);
    }
    for (const auto& [key, timeline] : timelines_) {
      if (key.first != &device || expected.count(key.second) != 0) continue;
      compare(device, key.second, {}, timeline);
    }
  }

  void compare(const SimDevice& device, ConversationId conversation,
               const std::vector<const TrueMessage*>& expected, const Timeline& held) {
    const std::string where = name(device) + " in conversation " + to_string(conversation) + ": ";
    std::map<MessageId, const Message*> by_id;
    MessageId last;
    for (const auto& message : held) {
      if (!message.message_id) continue;
      if (message.message_id <= last) say("G3: " + where + "\"" + message.text + "\" is shown out of order");
      last = message.message_id;
      if (!by_id.emplace(message.message_id, &message).second)
        say("G2: " + where + "\"" + message.text + "\" is shown twice");
    }
    for (const auto* message : expected) {
      auto found = by_id.find(message->id);
      if (found == by_id.end()) {
        if (truth_.deleted.contains(conversation)) continue;  // gone for whoever had not fetched it
        if (device.is_out()) continue;                        // it may see no more
        if (gone_.contains(message->id)) {
          if (!device.has_hole(conversation, message->id))
            say("G4: " + where + "\"" + message->text + "\" (" + to_string(message->id) +
                ") is no longer kept, and no hole tells so");
          continue;
        }
        say("G4: " + where + "\"" + message->text + "\" (" + to_string(message->id) + ") is missing");
        continue;
      }
      if (found->second->text != message->text)
        say("G2: " + where + "\"" + message->text + "\" is shown as \"" + found->second->text + "\"");
      if (found->second->sender_id != message->sender)
        say("G2: " + where + "\"" + message->text + "\" has another sender");
      by_id.erase(found);
    }
    for (const auto& [id, message] : by_id) {
      say("G6: " + where + "\"" + message->text + "\" (" + to_string(id) + ") is held and may not be seen");
    }
  }

  void check_witness(const SimDevice& device) {
    for (const auto& [id, sent] : device.sent()) {
      const auto copies = copies_.find(sent.text);
      const bool stored = copies != copies_.end();
      const auto what =
          name(device) + " was told that \"" + sent.text + "\" is " + std::string(to_string(sent.state));
      auto now = device_message(device, id);
      if (!now) {
        say("G7: " + name(device) + " has lost \"" + sent.text + "\", which was " +
            std::string(to_string(sent.state)));
        continue;
      }
      switch (now->state) {
        case MessageState::sent:
        case MessageState::delivered:
        case MessageState::read:
          if (!stored) say("G1: " + what + ", and the server does not have it");
          break;
        case MessageState::blocked:
        case MessageState::failed:
        case MessageState::expired:
        case MessageState::cancelled:
          if (stored) say("G9: " + what + ", and the server has it");
          break;
        default:
          if (device.is_out()) continue;  // it waits for somebody to sign in
          say("G7: \"" + sent.text + "\" of " + name(device) + " is still " +
              std::string(to_string(now->state)));
      }
    }
  }

  std::optional<Message> device_message(const SimDevice& device, LocalId id) {
    auto message = const_cast<SimDevice&>(device).engine()->message(id);
    return message ? std::optional<Message>(*message) : std::nullopt;
  }

  void check_order(const SimDevice& device) {
    std::map<std::string, const Witnessed*> by_text;
    for (const auto& [id, sent] : device.sent())
      by_text[sent.text] = &sent;
    std::map<ConversationId, const Witnessed*> last;
    std::set<std::string> placed;
    for (const auto& [id, message] : all_) {
      auto found = by_text.find(message.text);
      if (found == by_text.end() || found->second->retried) continue;
      if (!placed.insert(message.text).second) continue;  // once more, after the first was deleted
      auto& before = last[message.conversation];
      if (before != nullptr && before->order > found->second->order) {
        say("G3: the server has \"" + message.text + "\" of " + name(device) + " behind \"" + before->text +
            "\", which was sent later");
      }
      before = found->second;
    }
  }

  [[nodiscard]] bool has_receipt(ConversationId conversation, MessageId message, UserId user,
                                 int status) const {
    return std::any_of(truth_.receipts.begin(), truth_.receipts.end(), [&](const TrueReceipt& receipt) {
      if (receipt.user != user || receipt.status != status || receipt.conversation != conversation)
        return false;
      return status == kRead ? receipt.message >= message : receipt.message == message;
    });
  }

  /// Direct conversations exactly; in groups that nothing is claimed that is not so.
  void check_statuses(const SimDevice& device) {
    const auto me = device.account()->user_id;
    for (const auto& [key, timeline] : timelines_) {
      if (key.first != &device) continue;
      const auto others = truth_.others(key.second, me);
      for (const auto& message : timeline) {
        if (!message.is_mine || !message.message_id) continue;
        if (gone_.contains(message.message_id)) continue;  // and what others did with it is forgotten
        const auto what =
            name(device) + " shows \"" + message.text + "\" as " + std::string(to_string(message.state));
        for (auto user : others) {
          const bool read = has_receipt(key.second, message.message_id, user, kRead);
          const bool delivered = read || has_receipt(key.second, message.message_id, user, kDelivered);
          // Who has left and come back is not waited for: the message is of before their time.
          if (!truth_.is_waited_for(user, key.second, message.message_id)) continue;
          if (message.state == MessageState::read && !read)
            say("G5: " + what + ", and not everybody has read it");
          if (message.state == MessageState::delivered && !delivered)
            say("G5: " + what + ", and not everybody has it");
          // Exactly where there is one other; who has left a group is not told who leaves after them.
          // A block hides what its owner has got and read, until they read on after it.
          if (device.is_out() || others.size() != 1 || ledger_.blocks_were_asked_for(me, user) ||
              !truth_.is_waited_for(me, key.second, message.message_id))
            continue;
          if (message.state == MessageState::sent && delivered)
            say("G5: " + what + ", and it has been delivered");
          if (message.state == MessageState::delivered && read) say("G5: " + what + ", and it has been read");
          if (message.state == MessageState::sent && tellers_[message.message_id].count(user) != 0) {
            say("G5: " + what + ", and a device of the recipient holds it");
          }
        }
      }
    }
  }

  static bool is_online(SimDevice& device) {
    return device.engine() != nullptr && device.engine()->connection_state() == ConnectionState::online;
  }

  /// Who was signed out is told, and nobody else is signed out; what was asked for as an account is.
  void check_sign_out(SimDevice& device) {
    const auto account = *device.account();
    const auto known = truth_.devices.find(account.device_id);
    const bool signed_in = known != truth_.devices.end() && known->second == account.user_id;
    if (!signed_in && !device.is_out())
      say("G9: " + name(device) + " is signed out on the server and was not told");
    if (device.is_out() && is_online(device)) say("G6: " + name(device) + " is signed out and online");
  }

  /// Retention deletes by age, and nothing else is ever deleted but with its group.
  void check_deleted_are_old() {
    for (const MessageId id : gone_) {
      const TrueMessage& message = all_.at(id);
      if (id.value < ledger_.deleted_below() || truth_.deleted.contains(message.conversation)) continue;
      say("retention: \"" + message.text + "\" (" + to_string(id) + ") is gone before its time");
    }
  }

  void check_nothing_after_sign_out() {
    for (const auto& [id, message] : all_) {
      const auto out = ledger_.signed_out().find(message.sender_device);
      if (out != ledger_.signed_out().end() && id.value > out->second)
        say("G6: \"" + message.text + "\" was taken from device " + to_string(message.sender_device) +
            ", which was signed out");
    }
  }

  /// Whatever a member asks for, they get what they may see.
  void check_prying() {
    std::map<std::string, const TrueMessage*> by_text;
    for (const auto& [id, message] : all_)
      by_text[message.text] = &message;
    for (const auto& device : devices_) {
      for (const auto& [user, text] : device->pried()) {
        const auto found = by_text.find(text);
        if (found == by_text.end() || !truth_.may_see(user, *found->second))
          say("G6: user " + to_string(user) + " was given \"" + text + "\", which they may not see");
      }
    }
  }

  /// A group looks everywhere as it is.
  void check_groups(SimDevice& device) {
    if (device.is_out()) return;
    const auto me = device.account()->user_id;
    for (const auto& [id, group] : truth_.groups) {
      if (!truth_.is_member(id, me)) continue;
      const std::string where = name(device) + " in group " + to_string(id) + ": ";
      auto conversation = device.engine()->conversation(id);
      if (!conversation) {
        say("G4: " + where + "it does not know that it is in it");
        continue;
      }
      if (conversation->name != group) say("G4: " + where + "it is called \"" + conversation->name + "\"");
      auto members = device.engine()->members(id);
      if (!members) {
        say(where + "it cannot list the members");
        continue;
      }
      std::map<UserId, bool> held;
      for (const auto& member : *members)
        held[member.user_id] = member.role == Role::admin;
      std::map<UserId, bool> expected;
      for (const auto& period : truth_.periods.at(id))
        if (!period.left) expected[period.user] = period.admin;
      if (held != expected)
        say("G4: " + where + "it has " + std::to_string(held.size()) + " members or roles, not the " +
            std::to_string(expected.size()) + " of the server");
    }
  }

  /// Who is online, where they may know.
  void check_presence(SimDevice& device) {
    if (!is_online(device)) return;
    const auto me = device.account()->user_id;
    for (const auto& [user, online] : device.presence()) {
      const bool hidden = truth_.blocks.contains({user, me}) || truth_.blocks.contains({me, user});
      const bool there = std::any_of(devices_.begin(), devices_.end(), [user = user](const auto& other) {
        return other->account() && other->account()->user_id == user && is_online(*other);
      });
      if (online == (there && !hidden)) continue;
      say("presence: " + name(device) + " sees user " + to_string(user) + (online ? " online" : " offline") +
          (hidden ? ", who is hidden" : ""));
    }
  }

  void check_blocks() {
    for (const auto& silence : ledger_.silences()) {
      for (const auto& [id, message] : all_) {
        const auto direct = truth_.directs.find(message.conversation);
        if (direct == truth_.directs.end()) continue;
        const auto pair = std::minmax(silence.owner, silence.user);
        if (direct->second != std::pair(pair.first, pair.second)) continue;
        if (message.id.value > silence.after && (!silence.up_to || message.id.value <= *silence.up_to))
          say("block: \"" + message.text + "\" was taken although user " + to_string(silence.owner) +
              " had blocked user " + to_string(silence.user));
      }
    }
    for (const auto& [owner, owned] : truth_.users) {
      for (const auto& [user, other] : truth_.users) {
        // A deletion takes the blocks with it.
        if (ledger_.may_be_deleted(owner) || ledger_.may_be_deleted(user)) continue;
        const auto told = ledger_.blocked(owner, user);
        if (told && *told != truth_.blocks.contains({owner, user}))
          say("block: user " + to_string(owner) + " was told that user " + to_string(user) + " is " +
              (*told ? "blocked" : "not blocked") + ", and the server has it otherwise");
      }
    }
  }

  /// It leaves every group, signs out every device, forgets the number and the blocks (docs/openapi.yaml).
  void check_deletions() {
    for (const auto& [id, user] : truth_.users) {
      if (ledger_.is_deleted(id) && !user.deleted)
        say("deletion: account " + to_string(id) + " is still there");
      if (!user.deleted) continue;
      if (!ledger_.may_be_deleted(id)) say("deletion: nobody asked to delete account " + to_string(id));
      const std::string whose = " of account " + to_string(id) + ", which is deleted";
      if (user.has_number) say("deletion: the number" + whose + ", is kept");
      for (const auto& [device, owner] : truth_.devices)
        if (owner == id) say("deletion: device " + to_string(device) + whose + ", is still signed in");
      for (const auto& [owner, other] : truth_.blocks)
        if (owner == id) say("deletion: a block" + whose + ", is kept");
      for (const auto& [conversation, periods] : truth_.periods)
        if (truth_.is_member(conversation, id) && !truth_.deleted.contains(conversation))
          say("deletion: a membership" + whose + ", goes on in conversation " + to_string(conversation));
    }
  }

  void check_receipts_are_true() {
    for (const auto& receipt : truth_.receipts) {
      if (receipt.status != kDelivered) continue;
      const bool has_device = std::any_of(devices_.begin(), devices_.end(), [&](const auto& device) {
        return device->account() && device->account()->user_id == receipt.user && device->engine() != nullptr;
      });
      if (has_device && holders_[receipt.message].count(receipt.user) == 0) {
        say("G5: message " + to_string(receipt.message) + " counts as delivered to " +
            to_string(receipt.user) + ", who has it on no device");
      }
    }
  }

  ServerTruth truth_;
  const std::vector<std::unique_ptr<SimDevice>>& devices_;
  const Ledger& ledger_;
  std::map<MessageId, TrueMessage> all_;  // also what is no longer kept
  std::set<MessageId> gone_;
  std::map<std::string, int> copies_;
  std::map<std::pair<const SimDevice*, ConversationId>, Timeline> timelines_;
  std::map<MessageId, std::set<UserId>> holders_;
  std::map<MessageId, std::set<UserId>> tellers_;  // holders that can tell the server so
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check(SimServer& server, const std::vector<std::unique_ptr<SimDevice>>& devices,
                               const Ledger& ledger) {
  return Checker(server, devices, ledger).check();
}

}  // namespace sotto::sim
