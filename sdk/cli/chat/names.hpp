// What people are called, for the chat: asked of the server once each, when a name is first wanted on the
// screen. The screen is drawn anew with every answer, so no answer may lead to the same question.
//
//   Names names([&](UserId user, Done<Profile> done) { client.user(user, std::move(done)); });
//   names.of(user);        // "user 382901" until the answer is there
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "sotto/client.hpp"

namespace sotto::cli {

class Names {
 public:
  using Ask = std::function<void(UserId, Done<Profile>)>;
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// What could not be answered is asked again after this long, if it is still wanted.
  static constexpr std::chrono::seconds kAskAgainAfter{30};

  explicit Names(Ask ask, Clock now = std::chrono::steady_clock::now)
      : ask_(std::move(ask)), now_(std::move(now)) {}

  /// What to show for somebody now.
  std::string of(UserId user);
  /// The name, or "" where it is not known or empty; asks as `of` does.
  std::string known(UserId user);
  void learn(UserId user, std::string name);

 private:
  struct Entry {
    std::string name;
    bool is_gone = false;  ///< the account has been deleted
    std::chrono::steady_clock::time_point ask_again_at = std::chrono::steady_clock::time_point::max();
  };

  Entry& find(UserId user);
  void ask(UserId user);

  Ask ask_;
  Clock now_;
  std::map<UserId, Entry> entries_;
};

}  // namespace sotto::cli
