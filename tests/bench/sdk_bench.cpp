// What the SDK costs on a device: its encrypted store with many messages (open, a page, search), one step of
// the engine, `send` until it returns, and catching up.
//
//   SOTTO_BENCH_MESSAGES=1000000 sdk_bench          the store holds that many; 100,000 when not said
//
// The store is made once, in a temporary folder, which takes a minute a million.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include "tests/unit/sdk/engine/device.hpp"
#include <benchmark/benchmark.h>

namespace sotto {
namespace {

constexpr std::size_t kChats = 200;
constexpr std::size_t kPerCommit = 1000;  // as when catching up

std::size_t messages_wanted() {
  const char* text = std::getenv("SOTTO_BENCH_MESSAGES");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 100'000;
}

/// Words that are used as words are: a few of them most of the time. Every tenth message is Chinese.
class Author {
 public:
  std::string next() {
    ++written_;
    return written_ % 10 == 0 ? sentence(kCharacters, 20, "") : sentence(kWords, 12, " ");
  }

 private:
  template <std::size_t N>
  std::string sentence(const std::array<const char*, N>& words, std::size_t length, const char* between) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
      // The product of two even numbers in [0, 1) leans to 0.
      text += words[static_cast<std::size_t>(even() * even() * N)];
      text += between;
    }
    return text + std::to_string(written_);
  }
  double even() {
    seed_ = seed_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    return static_cast<double>(seed_ >> 11) / static_cast<double>(std::uint64_t{1} << 53);
  }

  static constexpr std::array kWords{
      "the",     "you",     "are",      "not",      "and",    "we",       "will",    "see",
      "what",    "time",    "today",    "can",      "meet",   "later",    "home",    "train",
      "station", "coffee",  "there",    "before",   "after",  "lunch",    "evening", "please",
      "bring",   "tickets", "tomorrow", "morning",  "office", "window",   "kitchen", "garden",
      "letter",  "friend",  "weather",  "mountain", "river",  "umbrella", "quarter", "concert"};
  static constexpr std::array kCharacters{"我", "们", "在", "的", "是", "不", "了", "有", "今",
                                          "天", "明", "见", "面", "吃", "饭", "北", "京", "上",
                                          "海", "车", "站", "家", "朋", "友", "工", "作", "电",
                                          "影", "下", "雨", "伞", "山", "河", "信", "早", "晚"};
  std::uint64_t written_ = 0;
  std::uint64_t seed_ = 42;
};

std::unique_ptr<store::Store> open_store(const std::filesystem::path& directory) {
  auto opened = store::Store::open({directory, StoreKey::raw(Bytes(32, 7))});
  if (!opened) std::abort();
  return std::move(*opened);
}

/// The large store, made at its first use.
class LargeStore {
 public:
  static LargeStore& get() {
    static LargeStore only;
    return only;
  }
  ~LargeStore() {
    open.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  LargeStore(const LargeStore&) = delete;
  LargeStore& operator=(const LargeStore&) = delete;

  void insert(std::size_t count) {
    if (!open->db.begin().ok()) std::abort();
    for (std::size_t i = 0; i < count; ++i) {
      store::NewMessage message;
      message.conversation = chats[next_id % kChats];
      message.message_id = MessageId{next_id};
      message.sender_id = UserId{101};
      message.text = author.next();
      message.created_at = from_unix_ms(static_cast<std::int64_t>(next_id));
      open->messages.insert(message);
      ++next_id;
    }
    if (!open->db.commit().ok()) std::abort();
  }

  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("sotto-sdk-bench-" + std::to_string(::getpid()));
  std::unique_ptr<store::Store> open = open_store(directory);
  std::vector<store::ConversationRow> chats;

 private:
  LargeStore() {
    if (!open->db.begin().ok()) std::abort();
    for (std::size_t i = 0; i < kChats; ++i)
      chats.push_back(open->conversations.create(ConversationId{900 + i}, ConversationKind::direct).row);
    if (!open->db.commit().ok()) std::abort();
    for (std::size_t done = 0; done < messages_wanted(); done += kPerCommit)
      insert(kPerCommit);
  }
  Author author;
  std::uint64_t next_id = 1'000'000;
};

void store_open(benchmark::State& state) {
  auto& large = LargeStore::get();
  for (auto _ : state) {
    state.PauseTiming();
    large.open.reset();
    state.ResumeTiming();
    large.open = open_store(large.directory);
  }
}
BENCHMARK(store_open)->Unit(benchmark::kMillisecond)->Iterations(10)->UseRealTime();

void store_page_of_50(benchmark::State& state) {
  auto& large = LargeStore::get();
  const bool newest = state.range(0) != 0;
  std::size_t chat = 0;
  for (auto _ : state) {
    // A conversation at a time, so that the pages are not all in memory.
    const auto row = large.chats[chat++ % kChats];
    const auto page =
        large.open->messages.before(row, newest ? INT64_MAX : 1'000'000 + messages_wanted() / 2, 50);
    if (page.size() != 50) state.SkipWithError("messages are missing");
  }
}
BENCHMARK(store_page_of_50)->ArgName("newest")->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond)->UseRealTime();

void store_search(benchmark::State& state, const std::string& text) {
  auto& large = LargeStore::get();
  std::size_t found = 0;
  for (auto _ : state)
    found = large.open->search.find(store::SearchWords(text), {}, {}, 50).size();
  state.counters["found"] = static_cast<double>(found);
}
#define SOTTO_SEARCH(name, text) \
  BENCHMARK_CAPTURE(store_search, name, std::string(text))->Unit(benchmark::kMillisecond)->UseRealTime()
SOTTO_SEARCH(frequent_word, "the");
SOTTO_SEARCH(rare_word, "77777");
SOTTO_SEARCH(two_words, "coffee station");
SOTTO_SEARCH(three_words, "meet you there");
SOTTO_SEARCH(three_rare_words, "umbrella river concert");
SOTTO_SEARCH(phrase, "\"meet you there\"");
SOTTO_SEARCH(phrase_not_there, "\"umbrella river concert quarter mountain\"");
SOTTO_SEARCH(word_of_2, "we");
SOTTO_SEARCH(word_of_2_and_rare_word, "we 77777");
SOTTO_SEARCH(word_of_2_and_frequent_word, "we coffee");
SOTTO_SEARCH(two_words_of_2, "we ee");
SOTTO_SEARCH(words_that_never_meet, "coffee 北京");
SOTTO_SEARCH(words_of_1_and_6_that_never_meet, "coffee 在");
SOTTO_SEARCH(cjk_word_of_2, "北京");
SOTTO_SEARCH(cjk_word_of_3, "在北京");
SOTTO_SEARCH(cjk_two_words_of_2, "北京 上海");
SOTTO_SEARCH(word_of_2_not_there, "龍虎");
SOTTO_SEARCH(not_there, "\"nowhere at all\"");
#undef SOTTO_SEARCH

void store_insert_and_commit(benchmark::State& state) {
  auto& large = LargeStore::get();
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state)
    large.insert(count);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(store_insert_and_commit)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond)->UseRealTime();

// ---------------------------------------------------------------- the engine

using engine::testing::Device;
using engine::testing::kChat;
using engine::testing::kPeer;

/// A frame of a message arrives and is put into the transaction of its batch. The commit is not counted here:
/// catching up and `send` count theirs.
void engine_step_of_a_message(benchmark::State& state) {
  Device device;
  device.sign_in();
  device.go_online();
  device.receive(engine::testing::direct_created(950, kChat.value, kPeer));
  std::uint64_t id = 1000;
  std::string bytes;
  for (auto _ : state) {
    engine::testing::message_from(kPeer, id++, kChat.value,
                                  "a message of some hundred bytes, as people write them")
        .SerializeToString(&bytes);
    device.engine->on_frame(device.connection, as_bytes(bytes), device.now);
    if (id % 100 != 0) continue;
    state.PauseTiming();
    device.pass(Milliseconds{10});
    state.ResumeTiming();
  }
}
BENCHMARK(engine_step_of_a_message)->Unit(benchmark::kMicrosecond);

void engine_step_of_typing(benchmark::State& state) {
  Device device;
  device.sign_in();
  device.go_online();
  device.receive(engine::testing::direct_created(950, kChat.value, kPeer));
  lite::ServerFrame frame;
  frame.mutable_typing()->set_conversation_id(kChat.value);
  frame.mutable_typing()->set_user_id(kPeer.value);
  const std::string bytes = frame.SerializeAsString();
  for (auto _ : state) {
    device.engine->on_frame(device.connection, as_bytes(bytes), device.now);
    benchmark::DoNotOptimize(device.engine->take_effects());
    benchmark::DoNotOptimize(device.engine->take_events());
  }
}
BENCHMARK(engine_step_of_typing)->Unit(benchmark::kMicrosecond);

/// With the commit that makes it survive: one fsync.
void send_until_it_returns(benchmark::State& state) {
  Device device;
  device.sign_in();
  for (auto _ : state)
    (void)device.send(kPeer, "hello");
}
BENCHMARK(send_until_it_returns)->Unit(benchmark::kMicrosecond)->UseRealTime();

void catch_up_of_ten_thousand(benchmark::State& state) {
  constexpr std::uint64_t kMessages = 10'000;
  std::vector<std::string> frames;
  for (std::uint64_t id = 1000; id < 1000 + kMessages; ++id) {
    frames.push_back(engine::testing::message_from(kPeer, id, kChat.value,
                                                   "a message of some hundred bytes, as people write them")
                         .SerializeAsString());
  }
  for (auto _ : state) {
    state.PauseTiming();
    auto device = std::make_unique<Device>();
    device->sign_in();
    (void)device->say_hello();
    device->receive(engine::testing::direct_created(950, kChat.value, kPeer));
    state.ResumeTiming();
    for (std::size_t i = 0; i < frames.size(); ++i) {
      device->engine->on_frame(device->connection, as_bytes(frames[i]), device->now);
      if (i % 1000 == 999) device->pass(Milliseconds{10});
    }
    device->receive(engine::testing::synced(999 + kMessages));
    device->pass(Milliseconds{10});
    state.PauseTiming();
    if (device->store->account.load()->cursor < 999 + kMessages) state.SkipWithError("messages are missing");
    device.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(catch_up_of_ten_thousand)->Unit(benchmark::kMillisecond)->UseRealTime();

/// A store whose search index is of an earlier version: opened, and then indexed anew in steps as the engine
/// does it. Comes last, since it is slow and changes the store.
void store_with_an_old_index(benchmark::State& state) {
  auto& large = LargeStore::get();
  for (auto _ : state) {
    state.PauseTiming();
    large.open->db.run("DROP TABLE server");
    large.open->db.run("ALTER TABLE account DROP COLUMN limits");
    large.open->db.run("ALTER TABLE account DROP COLUMN stream_id");
    large.open->db.run("ALTER TABLE holes DROP COLUMN cause");
    large.open->db.run("DROP TABLE search_rebuild");
    large.open->db.run("CREATE TABLE search_rebuild (from_row INTEGER PRIMARY KEY) STRICT");
    large.open->db.run("PRAGMA user_version = 2");
    large.open.reset();
    state.ResumeTiming();
    const auto begin = std::chrono::steady_clock::now();
    large.open = open_store(large.directory);
    auto before = std::chrono::steady_clock::now();
    const auto ms = [](auto duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
    state.counters["open_ms"] = ms(before - begin);
    double longest = 0;
    for (bool done = false; !done;) {
      if (!large.open->db.begin().ok()) std::abort();
      done = large.open->search.index_some(static_cast<std::size_t>(state.range(0))).done;
      if (!large.open->db.commit().ok()) std::abort();
      const auto now = std::chrono::steady_clock::now();
      longest = std::max(longest, ms(now - before));
      before = now;
    }
    state.counters["longest_step_ms"] = longest;
  }
}
BENCHMARK(store_with_an_old_index)
    ->ArgName("at_once")
    ->Arg(500)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();

}  // namespace
}  // namespace sotto

BENCHMARK_MAIN();
