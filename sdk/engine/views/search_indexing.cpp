#include "sdk/engine/views/search_indexing.hpp"

#include "sdk/engine/timing.hpp"

namespace sotto::engine {

void SearchIndexing::load() {
  due_.reset();
  told_percent_ = 0;
  if (!core_.read().search.is_complete()) due_ = core_.now.steady + kIndexEvery;
}

void SearchIndexing::work() {
  if (!due_ || core_.now.steady < *due_) return;
  const auto progress = core_.write().search.index_some(kIndexedAtOnce);
  const auto percent = progress.total == 0 ? 100 : progress.indexed * 100 / progress.total;
  if (progress.done || percent != told_percent_)
    core_.stage(Event(SearchIndexProgress{progress.indexed, progress.total, progress.done}));
  told_percent_ = percent;
  due_ = progress.done ? std::nullopt : std::optional(core_.now.steady + kIndexEvery);
}

}  // namespace sotto::engine
