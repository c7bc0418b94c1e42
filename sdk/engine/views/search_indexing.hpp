// Makes the search index of a store anew that an earlier version of the SDK has left: some messages at a time
// while the client is at work, the newest first. Killed in the middle, it goes on from there.
#pragma once

#include "sdk/engine/core.hpp"

namespace sotto::engine {

class SearchIndexing : public Part {
 public:
  explicit SearchIndexing(Core& core) : core_(core) {}

  void load() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override { return due_; }

 private:
  Core& core_;
  std::optional<Milliseconds> due_;  // nothing: the index is complete
  std::uint64_t told_percent_ = 0;
};

}  // namespace sotto::engine
