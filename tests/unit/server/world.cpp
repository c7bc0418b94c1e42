#include "tests/unit/server/world.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "server/services/accounts/access_token.hpp"
#include "tests/support/crash_vfs.hpp"

namespace sotto::server::testing {

TempFolder::TempFolder() {
  std::string pattern = ::testing::TempDir() + "/sotto-server-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

World::World(const Limits& given) : World(given, "", nullptr) {}

World::World(const Limits& given, test::CrashDisk& disk) : World(given, "server.db", disk.vfs_name()) {}

World::World(const Limits& given, std::string path, const char* vfs)
    : limits(given),
      services(std::in_place, limits, SecretBytes(kTokenKeyBytes), false),
      auth(services->auth),
      devices(services->devices),
      conversations(services->conversations),
      groups(services->groups),
      users(services->users),
      contacts(services->contacts),
      messages(services->messages),
      stream(services->streams),
      histories(services->history),
      receipts(services->receipts),
      retention(services->retention),
      vfs_(vfs),
      path_(path.empty() ? folder_.file("server.db") : std::move(path)) {
  open();
}

void World::open() {
  auto opened = open_database(path_, now, random, vfs_);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text.c_str());
    std::abort();
  }
  // These tests are about rules; what survives a power cut is tested elsewhere.
  if (vfs_ == nullptr) (void)opened->writer.exec("PRAGMA synchronous = OFF");
  store_ = std::make_unique<SqliteStore>(std::move(opened->writer), SqliteStore::Role::writer);
  ids_.emplace(1u);
  ids_->resume_after(opened->last_id);
  writer_.emplace(*store_, *ids_, random, *this);
  services.emplace(limits, std::move(opened->token_key), false);
}

void World::restart() {
  writer_.reset();
  store_.reset();
  open();
}

void World::run(std::vector<std::unique_ptr<WriteJob>>& jobs) {
  events.clear();
  writer_->run(jobs, now);
}

void World::committed(std::shared_ptr<const EventBatch> batch) {
  ++batches;
  events.insert(events.end(), batch->events.begin(), batch->events.end());
}

Caller World::person(const std::string& name) {
  const Caller caller = write([&](Store& db, WriteContext& context) {
    User user;
    user.id = context.next_id<UserId>();
    user.phone_number = "+49151" + std::to_string(1'000'000 + ++people_);
    user.display_name = name;
    user.created_at = context.now;
    db.accounts().insert_user(user);
    Device device;
    device.id = context.next_id<DeviceId>();
    device.user = user.id;
    db.accounts().insert_device(device);
    return Caller{user.id, device.id};
  });
  names_.emplace_back(caller.user, name);
  return caller;
}

Caller World::device_of(const Caller& caller) {
  return write([&](Store& db, WriteContext& context) {
    Device device;
    device.id = context.next_id<DeviceId>();
    device.user = caller.user;
    db.accounts().insert_device(device);
    return Caller{caller.user, device.id};
  });
}

ConversationPtr World::direct(const Caller& a, const Caller& b) {
  return *write(
      [&](Store& db, WriteContext& context) { return conversations.open_direct(db, context, a, b.user); });
}

ConversationId World::group(const Caller& creator, const std::vector<Caller>& members,
                            const std::string& name) {
  NewGroup wanted{name, {}, std::nullopt};
  for (const Caller& member : members)
    wanted.members.push_back(member.user);
  return (*write(
              [&](Store& db, WriteContext& context) { return groups.create(db, context, creator, wanted); }))
      ->id;
}

void World::add(const Caller& admin, ConversationId group, const Caller& who) {
  const auto added = write([&](Store& db, WriteContext& context) {
    return groups.add_members(db, context, admin, group, {who.user});
  });
  ASSERT_TRUE(added) << added.error().detail;
}

void World::remove(const Caller& admin, ConversationId group, const Caller& who) {
  const auto removed = write([&](Store& db, WriteContext& context) {
    return groups.remove_member(db, context, admin, group, who.user);
  });
  ASSERT_TRUE(removed) << removed.error().detail;
}

NewMessage World::message(ConversationId conversation, const std::string& text) {
  NewMessage message;
  message.key = make_uuid_v7(now, random);
  message.conversation = conversation;
  message.body = {BodyKind::content, text};
  return message;
}

ServiceResult<Ack> World::send(const Caller& sender, const NewMessage& message) {
  return write(
      [&](Store& db, WriteContext& context) { return messages.accept(db, context, sender, message); });
}

ServiceResult<Ack> World::say(const Caller& sender, ConversationId conversation, const std::string& text) {
  return send(sender, message(conversation, text));
}

ServiceResult<Ack> World::say(const Caller& sender, const Caller& receiver, const std::string& text) {
  NewMessage wanted = message(ConversationId{}, text);
  wanted.receiver = receiver.user;
  return send(sender, wanted);
}

void World::delivered(const Caller& who, ConversationId conversation, const std::vector<MessageId>& ids) {
  ReceiptCollector collected(limits.receipt_flush);
  collected.delivered(who, conversation, ids, now);
  write([&, batch = collected.take()](Store& db, WriteContext& context) {
    receipts.record(db, context, batch);
    return 0;
  });
}

void World::read_up_to(const Caller& who, ConversationId conversation, MessageId message) {
  ReceiptCollector collected(limits.receipt_flush);
  collected.read(who, conversation, message, now);
  write([&, batch = collected.take()](Store& db, WriteContext& context) {
    receipts.record(db, context, batch);
    return 0;
  });
}

std::vector<std::string> World::words_of(const StreamElement& element) {
  if (const auto* view = std::get_if<MessageView>(&element.value)) return {view->message->body.bytes};
  if (const auto* change = std::get_if<ConversationChange>(&element.value))
    return {std::string(to_string(change->change.kind))};
  if (std::holds_alternative<Gap>(element.value)) return {"gap"};
  std::vector<std::string> words;
  for (const Receipt& receipt : std::get<Receipts>(element.value).items) {
    std::string name;
    for (const auto& [user, known] : names_) {
      if (user == receipt.user) name = known;
    }
    words.push_back(std::string(to_string(receipt.status)) + " " + name);
  }
  return words;
}

World::Page World::page(const Caller& who, Place after, const StreamOptions& options) {
  return read([&](const Store& db, Timestamp) {
    Page page;
    static_cast<StreamPage&>(page) = stream.page(db, who, after, options, [&](const StreamElement& element) {
      page.elements.push_back(element);
      return true;
    });
    return page;
  });
}

std::vector<std::string> World::catch_up(const Caller& who, Place after, std::size_t page_size) {
  std::vector<std::string> words;
  StreamOptions options;
  options.elements = page_size;
  if (!after) options.receipts_after = StreamQuery::kNoReceipts;
  Place last = after;
  for (bool complete = false; !complete;) {
    const Page got = page(who, after, options);
    for (const StreamElement& element : got.elements) {
      EXPECT_GT(element.place, last) << "the stream has to rise";
      last = element.place;
      for (std::string& word : words_of(element))
        words.push_back(std::move(word));
    }
    EXPECT_TRUE(got.complete || got.next > after) << "a page has to lead on";
    after = got.next;
    complete = got.complete;
  }
  return words;
}

std::vector<std::string> World::texts(const Caller& who, Place after, std::size_t page_size) {
  std::vector<std::string> texts;
  StreamOptions options;
  options.elements = page_size;
  for (bool complete = false; !complete;) {
    const Page got = page(who, after, options);
    for (const StreamElement& element : got.elements) {
      if (const auto* view = std::get_if<MessageView>(&element.value))
        texts.push_back(view->message->body.bytes);
    }
    after = got.next;
    complete = got.complete;
  }
  return texts;
}

ServiceResult<HistoryPage> World::history_page(const Caller& who, ConversationId conversation,
                                               HistoryRequest request) {
  request.conversation = conversation;
  return read([&](const Store& db, Timestamp) { return histories.history(db, who, request); });
}

std::vector<std::string> World::history(const Caller& who, ConversationId conversation,
                                        const HistoryRequest& request) {
  const auto page = history_page(who, conversation, request);
  if (!page) return {std::string(rest_word(page.error().code))};
  std::vector<std::string> texts;
  for (const MessageView& view : page->messages)
    texts.push_back(view.message->body.bytes);
  return texts;
}

ServiceResult<std::vector<MemberStatus>> World::drill_down(const Caller& who, ConversationId conversation,
                                                           MessageId message) {
  return read([&](const Store& db, Timestamp) { return histories.receipts(db, who, conversation, message); });
}

ServiceResult<InboxPage> World::inbox(const Caller& who, std::optional<std::string> cursor,
                                      std::size_t limit) {
  return read([&](const Store& db, Timestamp) { return histories.inbox(db, who, cursor, limit); });
}

void World::clean_up() {
  while (write([&](Store& db, WriteContext& context) { return retention.step(db, context, uptime); })) {
  }
}

std::int64_t World::count(const std::string& table) {
  const std::string sql = "SELECT count(*) FROM " + table;
  return *store().connection().db().scalar(sql.c_str());
}

std::optional<User> World::me(const Caller& who) {
  const auto user = read([&](const Store& db, Timestamp) { return users.me(db, who); });
  return user ? std::optional(*user) : std::nullopt;
}

std::uint64_t World::unread(const Caller& who, ConversationId conversation) {
  const auto page =
      read([&](const Store& db, Timestamp) { return histories.inbox(db, who, std::nullopt, kMaxPage); });
  for (const InboxEntry& entry : page->entries) {
    if (entry.conversation->id == conversation) return entry.unread;
  }
  return 0;
}

Status World::status(const Caller& who, ConversationId conversation, MessageId message) {
  HistoryRequest request;
  request.after = MessageId{message.value - 1};
  request.limit = 1;
  return history_page(who, conversation, request)->messages.at(0).status;
}

}  // namespace sotto::server::testing
