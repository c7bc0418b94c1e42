// The app under test: what a small chat shows, a line a message, with a mark behind the own ones.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <sotto/client.hpp>

class Screen {
 public:
  /// Takes its client instead of opening one, so that a test can give it one of another world.
  explicit Screen(std::unique_ptr<sotto::Client> client) : client_(std::move(client)) {}

  void say(const std::string& phone_number, std::string text) {
    client_->send(sotto::PhoneNumber{phone_number}, {std::move(text)},
                  [](sotto::Result<sotto::SendReceipt>) {});
  }
  /// Call it when the client wakes the app up, and before drawing.
  void update() {
    for (const sotto::Event& event : client_->poll()) {
      if (const auto* added = std::get_if<sotto::MessageAdded>(&event)) show(added->message);
      if (const auto* changed = std::get_if<sotto::MessageChanged>(&event)) show(changed->message);
    }
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& [id, line] : lines_)
      all += line + '\n';
    return all;
  }
  [[nodiscard]] sotto::Client& client() { return *client_; }

 private:
  void show(const sotto::Message& message) {
    lines_[message.local_id] = message.is_mine ? message.text + mark(message.state) : message.text;
  }
  static std::string mark(sotto::MessageState state) {
    switch (state) {
      case sotto::MessageState::sent:
        return " (sent)";
      case sotto::MessageState::delivered:
      case sotto::MessageState::read:
        return " (arrived)";
      case sotto::MessageState::failed:
      case sotto::MessageState::expired:
        return " (NOT SENT)";
      default:
        return " (waiting)";
    }
  }

  std::unique_ptr<sotto::Client> client_;
  std::map<sotto::LocalId, std::string> lines_;
};
