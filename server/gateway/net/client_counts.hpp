// How many WebSockets each client has, where clients come through a proxy: to the listener they all have the
// proxy's address, and only their requests say who they are.
//
//   ClientCounts clients(1'000);
//   if (auto place = clients.take("203.0.113.9")) ...   // held as long as the connection
//   else refuse();
//
// Thread rules: any thread may call anything; places may outlive the ClientCounts.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace sotto::server {

class ClientCounts {
 public:
  using Place = std::shared_ptr<void>;
  /// 0: no limit.
  explicit ClientCounts(std::size_t most) : counts_(std::make_shared<Counts>()), most_(most) {}

  /// Null: this client has as many as it may.
  Place take(const std::string& client) {
    {
      const std::lock_guard guard(counts_->lock);
      std::size_t& count = counts_->of[client];
      if (most_ > 0 && count >= most_) return nullptr;
      ++count;
    }
    // Any pointer but null; only its end counts.
    return {counts_.get(), [counts = counts_, client](void*) {
              const std::lock_guard guard(counts->lock);
              const auto found = counts->of.find(client);
              if (--found->second == 0) counts->of.erase(found);
            }};
  }

 private:
  struct Counts {
    // Connections of one client live on several io threads. Taken once when a WebSocket opens and once when
    // it ends.
    std::mutex lock;
    std::unordered_map<std::string, std::size_t> of;
  };
  std::shared_ptr<Counts> counts_;
  std::size_t most_;
};

}  // namespace sotto::server
