// Operations that wait for the server: each ends exactly once, by its answer, by `cancel`, or by the end of
// the engine.
//
//   auto ticket = operations.start(std::move(reply));
//   requests.send(request, ticket.number, [=](Result<HttpResponse> r) { operations.finish(ticket, ...); });
//   return ticket.number;
#pragma once

#include <functional>
#include <unordered_map>
#include <utility>

#include "sdk/engine/bounds.hpp"
#include "sdk/engine/core.hpp"

namespace sotto::engine {

template <class T>
struct Ticket {
  OperationNumber number{};
  Reply<T> reply;
};

class Operations {
 public:
  explicit Operations(Core& core) : core_(core) {}

  template <class T>
  Ticket<T> start(Reply<T> reply) {
    const OperationNumber number{++last_};
    running_.emplace(number, [this, reply](Error error) { core_.stage_reply<T>(reply, std::move(error)); });
    return {number, std::move(reply)};
  }

  /// Ends it with this result; no effect if it has ended.
  template <class T>
  void finish(const Ticket<T>& ticket, Result<T> result) {
    if (running_.erase(ticket.number) != 0) core_.stage_reply<T>(ticket.reply, std::move(result));
  }

  [[nodiscard]] bool is_running(OperationNumber number) const { return running_.contains(number); }
  [[nodiscard]] bool full() const { return running_.size() >= kMaxOperations; }

  bool end(OperationNumber number, Error error) {
    auto found = running_.find(number);
    if (found == running_.end()) return false;
    auto fail = std::move(found->second);
    running_.erase(found);
    fail(std::move(error));
    return true;
  }
  void end_all(const Error& error) {
    auto all = std::exchange(running_, {});
    for (auto& [number, fail] : all)
      fail(error);
  }

 private:
  Core& core_;
  std::uint64_t last_ = 0;
  std::unordered_map<OperationNumber, std::function<void(Error)>> running_;
};

}  // namespace sotto::engine
