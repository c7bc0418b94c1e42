// A server without threads or sockets for the tests of services: a database of its own, a clock that moves
// when told to, randomness from a seed, and the events of each write at hand.
//
//   World world;
//   Caller ann = world.person("Ann"), ben = world.person("Ben");
//   Ack ack = *world.say(ann, ben, "hello");
//   EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "hello"));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "server/adapters/sqlite/open.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "server/services/services.hpp"
#include "server/storage/batch_writer.hpp"

namespace sotto::test {
class CrashDisk;
}

namespace sotto::server::testing {

/// A folder that is gone with the test.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A write job made of a lambda that gives its answer.
template <class F>
class LambdaJob final : public WriteJob {
 public:
  using Answer = std::invoke_result_t<F, Store&, WriteContext&>;
  LambdaJob(F f, std::optional<Answer>& answer, bool& committed)
      : f_(std::move(f)), answer_(answer), committed_(committed) {}
  void run(Store& store, WriteContext& context) override { answer_.emplace(f_(store, context)); }
  void done(bool committed) override { committed_ = committed; }

 private:
  F f_;
  std::optional<Answer>& answer_;
  bool& committed_;
};

class World final : public EventSink {
 public:
  explicit World(const Limits& limits = {});
  /// On a disk that can fail; with every sync that the server makes.
  World(const Limits& limits, test::CrashDisk& disk);

  /// A write job of its own. Its events are in `events` until the next one. `internal` if it could not be
  /// stored.
  template <class F>
  auto write(F f) {
    std::optional<std::invoke_result_t<F, Store&, WriteContext&>> answer;
    bool committed = false;
    std::vector<std::unique_ptr<WriteJob>> jobs;
    jobs.push_back(std::make_unique<LambdaJob<F>>(std::move(f), answer, committed));
    run(jobs);
    using Answer = typename decltype(answer)::value_type;
    if constexpr (std::is_constructible_v<Answer, ServiceError>) {
      if (!committed) return Answer(storage_failed());
    }
    return *std::move(answer);
  }
  /// Several jobs as one batch.
  void run(std::vector<std::unique_ptr<WriteJob>>& jobs);

  template <class F>
  auto read(F f) {
    store().begin();
    auto answer = f(std::as_const(store()), now);
    store().rollback();
    return answer;
  }

  /// The server process dies and starts again on the same file.
  void restart();

  // People and what they do, as the tests say it.
  Caller person(const std::string& name);
  Caller device_of(const Caller& caller);
  ConversationPtr direct(const Caller& a, const Caller& b);
  ConversationId group(const Caller& creator, const std::vector<Caller>& members,
                       const std::string& name = "Group");
  void add(const Caller& admin, ConversationId group, const Caller& who);
  void remove(const Caller& admin, ConversationId group, const Caller& who);
  NewMessage message(ConversationId conversation, const std::string& text);
  ServiceResult<Ack> send(const Caller& sender, const NewMessage& message);
  ServiceResult<Ack> say(const Caller& sender, ConversationId conversation, const std::string& text);
  ServiceResult<Ack> say(const Caller& sender, const Caller& receiver, const std::string& text);
  void delivered(const Caller& who, ConversationId conversation, const std::vector<MessageId>& messages);
  void read_up_to(const Caller& who, ConversationId conversation, MessageId message);

  /// Retention, until there is nothing more to do.
  void clean_up();
  Milliseconds uptime{0};  ///< of the server's process, for retention
  /// Rows of a table.
  std::int64_t count(const std::string& table);

  // What they see.
  struct Page : StreamPage {
    std::vector<StreamElement> elements;
  };
  Page page(const Caller& who, Place after, const StreamOptions& options);
  /// The whole stream after a place, page by page, as words: a message's text, "delivered NAME", "read NAME",
  /// a change's word, "gap".
  std::vector<std::string> catch_up(const Caller& who, Place after = {}, std::size_t page = 3);
  /// The texts of the messages in it.
  std::vector<std::string> texts(const Caller& who, Place after = {}, std::size_t page = 3);
  std::vector<std::string> history(const Caller& who, ConversationId conversation,
                                   const HistoryRequest& request = {});
  ServiceResult<HistoryPage> history_page(const Caller& who, ConversationId conversation,
                                          HistoryRequest request);
  ServiceResult<std::vector<MemberStatus>> drill_down(const Caller& who, ConversationId conversation,
                                                      MessageId message);
  ServiceResult<InboxPage> inbox(const Caller& who, std::optional<std::string> cursor, std::size_t limit);
  std::optional<User> me(const Caller& who);
  /// 0 where the conversation is not in the inbox.
  std::uint64_t unread(const Caller& who, ConversationId conversation);
  Status status(const Caller& who, ConversationId conversation, MessageId message);

  template <class E>
  std::vector<E> events_of() const {
    std::vector<E> found;
    for (const Event& event : events) {
      if (const E* wanted = std::get_if<E>(&event)) found.push_back(*wanted);
    }
    return found;
  }

  /// An element that has come into streams, and whose.
  template <class Kind>
  struct Told {
    Place place;
    Kind value;
    Audience audience;
    [[nodiscard]] std::vector<UserId> people() const {
      std::vector<UserId> people = audience.people;
      if (audience.members_of)
        for (const Member& member : audience.members_of->members)
          people.push_back(member.user);
      return people;
    }
  };
  /// Of one kind, by the last write.
  template <class Kind>
  std::vector<Told<Kind>> told() const {
    std::vector<Told<Kind>> found;
    for (const ElementStored& stored : events_of<ElementStored>()) {
      if (const Kind* value = std::get_if<Kind>(&stored.element.value))
        found.push_back({stored.element.place, *value, stored.audience});
    }
    return found;
  }

  SqliteStore& store() { return *store_; }
  SnowflakeGenerator& ids() { return *ids_; }
  const std::string& path() const { return path_; }
  void committed(std::shared_ptr<const EventBatch> batch) override;

  Timestamp now = from_unix_ms(1'790'000'000'000);
  Limits limits;
  SeededRandom random{1};
  std::vector<Event> events;
  int batches = 0;  ///< published

  /// Made anew by `restart`, as the process does; these names stay good.
  std::optional<Services> services;
  AuthService& auth;
  DeviceService& devices;
  ConversationService& conversations;
  GroupService& groups;
  UserService& users;
  ContactService& contacts;
  MessageService& messages;
  StreamService& stream;
  HistoryService& histories;
  ReceiptService& receipts;
  RetentionService& retention;

 private:
  World(const Limits& limits, std::string path, const char* vfs);
  void open();
  std::vector<std::string> words_of(const StreamElement& element);

  TempFolder folder_;
  const char* vfs_;
  std::string path_;
  std::unique_ptr<SqliteStore> store_;
  std::optional<SnowflakeGenerator> ids_;
  std::optional<BatchWriter> writer_;
  std::uint64_t people_ = 0;
  std::vector<std::pair<UserId, std::string>> names_;
};

}  // namespace sotto::server::testing
