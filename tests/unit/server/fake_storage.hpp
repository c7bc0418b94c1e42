// A storage without a store, for tests of what is around it: runs each job at once on the caller's thread.
#pragma once

#include <cstdlib>
#include <memory>

#include "base/random.hpp"
#include "base/snowflake.hpp"
#include "server/ports/otp_sender.hpp"
#include "server/ports/push_sender.hpp"
#include "server/ports/storage.hpp"
#include "server/ports/store.hpp"
#include "server/services/accounts/access_token.hpp"

namespace sotto::server {

/// Keeps nothing; a test that touches it has a bug.
class NoStore final : public Store {
 public:
  AccountStore& accounts() override { std::abort(); }
  ContactStore& contacts() override { std::abort(); }
  ConversationStore& conversations() override { std::abort(); }
  MessageStore& messages() override { std::abort(); }
  ReceiptStore& receipts() override { std::abort(); }
  [[nodiscard]] const AccountStore& accounts() const override { std::abort(); }
  [[nodiscard]] const ContactStore& contacts() const override { std::abort(); }
  [[nodiscard]] const ConversationStore& conversations() const override { std::abort(); }
  [[nodiscard]] const MessageStore& messages() const override { std::abort(); }
  [[nodiscard]] const ReceiptStore& receipts() const override { std::abort(); }
  [[nodiscard]] const StreamStore& stream() const override { std::abort(); }
  [[nodiscard]] Place snapshot() const override { return {}; }
  [[nodiscard]] Place gone_up_to() const override { return {}; }
  [[nodiscard]] Timestamp believed_time() const override { return {}; }
  void set_believed_time(Timestamp) override {}
  void touch() override {}
};

/// What every double does alike.
class StorageDouble : public Storage {
 public:
  [[nodiscard]] SecretBytes token_key() const override { return SecretBytes(kTokenKeyBytes); }
  [[nodiscard]] StreamOrigin stream() const override { return {}; }
  void start(EventSink&) override {}
  void close() override {}
};

class NoPush final : public PushSender {
  void send(PushNotice) override {}
};

class NoOtp final : public OtpSender {
  void send(OtpMessage) override {}
};

/// Runs each job at once; `runs` times before it is committed, or fails, or takes none.
class FakeStorage final : public StorageDouble {
 public:
  int runs = 1;
  bool works = true;
  bool full = false;

  bool write(std::unique_ptr<WriteJob>& job) override {
    if (full) return false;
    const auto mine = std::move(job);
    EventBatch events;
    WriteContext context{Timestamp{}, ids_, random_, events};
    for (int i = 0; i < runs; ++i)
      mine->run(store_, context);
    mine->done(works);
    return true;
  }
  bool read(std::unique_ptr<ReadJob>& job) override {
    if (full) return false;
    const auto mine = std::move(job);
    mine->run(store_, Timestamp{});
    mine->done(works);
    return true;
  }

 private:
  NoStore store_;
  SnowflakeGenerator ids_{0};
  SeededRandom random_{1};
};

}  // namespace sotto::server
