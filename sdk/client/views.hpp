// The views as the app holds them. Rows live with the app; what changes comes through the shared state.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sdk/client/view_state.hpp"
#include "sdk/engine/engine.hpp"
#include "sotto/views.hpp"

namespace sotto::client {

class Runtime;
class Delivery;

class TimelineView final : public Timeline {
 public:
  TimelineView(std::weak_ptr<Runtime> runtime, engine::ViewNumber number, ConversationId conversation);
  ~TimelineView() override;

  [[nodiscard]] const std::shared_ptr<TimelineState>& state() const { return state_; }

  [[nodiscard]] ConversationId conversation() const override { return conversation_; }
  std::vector<TimelineChange> poll() override { return state_->take(rows_); }
  [[nodiscard]] const std::vector<TimelineRow>& rows() const override { return rows_; }
  Operation load_older(std::size_t count, Done<bool> done) override;
  Operation load_newer(std::size_t count, Done<bool> done) override;

 private:
  template <class Method>
  Operation load(Method method, std::size_t count, Done<bool> done);

  std::weak_ptr<Runtime> runtime_;
  std::shared_ptr<Delivery> delivery_;
  engine::ViewNumber number_;
  ConversationId conversation_;
  std::shared_ptr<TimelineState> state_ = std::make_shared<TimelineState>();
  std::vector<TimelineRow> rows_;
};

class ConversationListView final : public ConversationList {
 public:
  ConversationListView(std::weak_ptr<Runtime> runtime, engine::ViewNumber number)
      : runtime_(std::move(runtime)), number_(number) {}
  ~ConversationListView() override;

  [[nodiscard]] const std::shared_ptr<ConversationListState>& state() const { return state_; }

  std::vector<ConversationListChange> poll() override { return state_->take(rows_); }
  [[nodiscard]] const std::vector<Conversation>& rows() const override { return rows_; }

 private:
  std::weak_ptr<Runtime> runtime_;
  engine::ViewNumber number_;
  std::shared_ptr<ConversationListState> state_ = std::make_shared<ConversationListState>();
  std::vector<Conversation> rows_;
};

}  // namespace sotto::client
