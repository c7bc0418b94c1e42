#include "server/adapters/sqlite/stores/sqlite_stream_store.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "base/snowflake.hpp"

namespace sotto::server {

/// The first entries of several sources, each of which is added in ascending order.
class SqliteStreamStore::Merge {
 public:
  explicit Merge(std::size_t limit) : limit_(limit) {}

  /// Of the source being added.
  void add(StreamEntry entry) { entries_.push_back(std::move(entry)); }
  void end_of_source() {
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(merged_);
    const bool follows =
        merged_ == 0 || begin == entries_.end() || entries_[merged_ - 1].place < begin->place;
    if (!follows) {
      std::inplace_merge(entries_.begin(), begin, entries_.end(),
                         [](const StreamEntry& a, const StreamEntry& b) { return a.place < b.place; });
    }
    // One more than the limit shows that there is more.
    if (entries_.size() > limit_ + 1)
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(limit_ + 1), entries_.end());
    merged_ = entries_.size();
  }
  StreamEntries take() && {
    const bool more = entries_.size() > limit_;
    if (more) entries_.pop_back();
    if (mutant(Mutant::page_skips_elements) && more) entries_.erase(entries_.begin());
    return {std::move(entries_), more};
  }

 private:
  std::size_t limit_;
  std::size_t merged_ = 0;
  std::vector<StreamEntry> entries_;
};

StreamEntries SqliteStreamStore::next(const StreamQuery& query) const {
  mailboxes_.flush();
  Merge merge(query.limit);
  const std::size_t limit = query.limit + 1;
  for (Use use(mailbox_, query.user, query.after, limit); use.next();) {
    const auto id = use->id<MessageId>(0);
    merge.add({place_of(id), id});
  }
  merge.end_of_source();
  if (!mutant(Mutant::log_not_merged)) add_logs(merge, query);
  if (query.receipts_after != StreamQuery::kNoReceipts) {
    for (Use use(receipts_, query.user, std::max(query.after, query.receipts_after), limit); use.next();) {
      const auto id = use->id<ReceiptId>(0);
      merge.add({place_of(id), Receipt{id, query.user, use->id<ConversationId>(1), use->id<MessageId>(2),
                                       use->id<UserId>(3), static_cast<Status>(use->int64(4))}});
    }
    merge.end_of_source();
  }
  for (Use use(changes_, query.user, query.after, limit); use.next();) {
    const auto id = use->id<ChangeId>(0);
    merge.add({place_of(id), id});
  }
  merge.end_of_source();
  add_gaps(merge, query);
  return std::move(merge).take();
}

void SqliteStreamStore::add_logs(Merge& merge, const StreamQuery& query) const {
  std::vector<MessageRange> logs;
  for (Use use(logs_, query.user, query.after); use.next();) {
    logs.push_back({use->id<ConversationId>(0), use->id<MessageId>(1),
                    use->is_null(2) ? MessageId{kMaxId} : use->id<MessageId>(2)});
  }
  for (const MessageRange& log : logs) {
    for (const MessageId id : messages_.oldest(log, query.limit + 1))
      merge.add({place_of(id), id});
    merge.end_of_source();
  }
}

void SqliteStreamStore::add_gaps(Merge& merge, const StreamQuery& query) const {
  Place gone_up_to;
  if (Use use(gone_up_to_); use.next()) gone_up_to = use->id<Place>(0);
  if (query.after >= gone_up_to) return;
  std::vector<Gap> gaps = conversations_.gaps(query.user, query.after);
  std::sort(gaps.begin(), gaps.end(), [](const Gap& a, const Gap& b) { return a.to < b.to; });
  for (const Gap& gap : gaps)
    merge.add({place_of(gap.to), gap});
  merge.end_of_source();
}

}  // namespace sotto::server
