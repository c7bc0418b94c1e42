// Receipts: collected for 500 ms, then written as one job.
//
//   ReceiptCollector collected;                 // one for each io thread
//   collected.delivered(caller, conversation, ids, now);
//   if (collected.due(now) || collected.full()) storage.write(job with collected.take());
//   ...in the job: receipts.record(store, context, batch);
//   ...once it is durable: answer batch.confirms
//
// A receipt never goes back. One for a message the person may not see, or for their own, is ignored without
// an error: it may be honest and late.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "server/model/limits.hpp"
#include "server/model/receipt.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct ReceiptBatch {
  struct Delivered {
    UserId user;
    ConversationId conversation;
    MessageId message;
    friend auto operator<=>(const Delivered&, const Delivered&) = default;
  };
  struct Read {
    UserId user;
    ConversationId conversation;
    MessageId up_to;
  };
  /// A connection that asked to be told when what it had said before is durable.
  struct Confirm {
    std::uint64_t connection;
    std::uint32_t number;
  };
  std::vector<Delivered> delivered;
  std::vector<Read> read;
  std::vector<Confirm> confirms;
  /// Nothing to write; there may be somebody to answer.
  [[nodiscard]] bool empty() const { return delivered.empty() && read.empty(); }
};

/// Gathers and merges. One owner, one thread.
class ReceiptCollector {
 public:
  // At 64 bytes each, 1 MiB; a batch of this size writes in about 50 ms.
  static constexpr std::size_t kCapacity = 16 * 1024;

  explicit ReceiptCollector(Milliseconds wait) : wait_(wait) {}

  void delivered(const Caller& caller, ConversationId conversation, std::span<const MessageId> messages,
                 Timestamp now);
  void read(const Caller& caller, ConversationId conversation, MessageId up_to, Timestamp now);

  /// One for each connection: a later one is answered for the earlier ones too.
  void confirm(std::uint64_t connection, std::uint32_t number, Timestamp now);

  /// When `take` is due; nothing while there is nothing.
  [[nodiscard]] std::optional<Timestamp> due_at() const { return due_at_; }
  [[nodiscard]] bool due(Timestamp now) const { return due_at_ && now >= *due_at_; }
  /// Flush now instead of waiting.
  [[nodiscard]] bool full() const { return delivered_.size() + read_.size() >= kCapacity; }
  ReceiptBatch take();

 private:
  void note(Timestamp now);

  Milliseconds wait_;
  std::optional<Timestamp> due_at_;
  std::vector<ReceiptBatch::Delivered> delivered_;
  std::map<std::pair<ConversationId, UserId>, MessageId> read_;
  std::map<std::uint64_t, std::uint32_t> confirms_;
};

class ReceiptService {
 public:
  void record(Store& store, WriteContext& context, const ReceiptBatch& batch);
};

}  // namespace sotto::server
