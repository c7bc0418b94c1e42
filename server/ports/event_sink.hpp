// Who is told what has been committed: the gateway's dispatcher. Called by the storage after each durable
// batch that has events, in commit order, before the jobs' `done`, on the writer's thread: take the pointer,
// group, post, return.
#pragma once

#include <memory>

#include "server/model/event.hpp"

namespace sotto::server {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void committed(std::shared_ptr<const EventBatch> batch) = 0;
};

}  // namespace sotto::server
