#include "tests/bench/load/accounts.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/bench/load/connection.hpp"

namespace sotto::bench {

namespace json = boost::json;

namespace {

/// A kept-alive HTTP/1.1 connection for small JSON calls.
class Http {
 public:
  Http(const Address& address, SSL_CTX* tls) : host_(address.host), socket_(address, tls) {}

  std::string call(const std::string& method, const std::string& path, const std::string& body,
                   const std::string& token) {
    std::string request = method + " " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\n";
    if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
    if (!body.empty()) request += "Content-Type: application/json\r\n";
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    for (std::size_t done = 0; done < request.size();) {
      const auto n = socket_.write(request.data() + done, request.size() - done);
      if (n <= 0) give_up("the server closed the connection on " + path);
      done += static_cast<std::size_t>(n);
    }
    return read_answer(path);
  }

 private:
  void read_more(const std::string& path) {
    std::array<char, 16 * 1024> chunk{};
    const auto n = socket_.read(chunk.data(), chunk.size());
    if (n <= 0) give_up("the server closed the connection on " + path);
    in_.append(chunk.data(), static_cast<std::size_t>(n));
  }

  std::string read_answer(const std::string& path) {
    while (in_.find("\r\n\r\n") == std::string::npos)
      read_more(path);
    const auto head_end = in_.find("\r\n\r\n") + 4;
    std::string head = in_.substr(0, head_end);
    for (auto& c : head)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::size_t length = 0;
    if (const auto at = head.find("content-length:"); at != std::string::npos) {
      length = static_cast<std::size_t>(std::atoll(head.c_str() + at + 15));
    }
    while (in_.size() < head_end + length)
      read_more(path);
    std::string body = in_.substr(head_end, length);
    in_.erase(0, head_end + length);
    if (head.find(" 2") != 8)
      give_up("the server answered " + head.substr(9, 3) + " to " + path + ": " + body);
    return body;
  }

  std::string host_;
  Socket socket_;
  std::string in_;
};

std::uint64_t id_of(const std::string& answer, const char* field) {
  const auto value = json::parse(answer);
  return std::strtoull(value.as_object().at(field).as_string().c_str(), nullptr, 10);
}

}  // namespace

std::vector<Person> sign_in(const Options& options, const Address& address, SSL_CTX* tls, std::size_t count) {
  // As many at a time as make the server's group commit work, few enough to stay far from any limit.
  constexpr std::size_t kAtATime = 16;
  std::vector<Person> people(count);
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> workers;
  for (std::size_t w = 0; w < std::min(kAtATime, count); ++w) {
    workers.emplace_back([&] {
      Http http(address, tls);
      for (auto i = next++; i < count; i = next++) {
        const auto phone = "+" + std::to_string(options.first_phone + i);
        const auto answer =
            http.call("POST", "/api/auth/login",
                      json::serialize(json::object{
                          {"phone_number", phone}, {"otp", "000000"}, {"device_name", "sotto-bench"}}),
                      "");
        people[i].user_id = id_of(answer, "user_id");
        people[i].token = json::parse(answer).as_object().at("access_token").as_string().c_str();
      }
    });
  }
  workers.clear();
  return people;
}

std::uint64_t direct_conversation(const Address& address, SSL_CTX* tls, const Person& me,
                                  const Person& peer) {
  Http http(address, tls);
  return id_of(http.call("PUT", "/api/conversations/direct/" + std::to_string(peer.user_id), "", me.token),
               "conversation_id");
}

std::uint64_t group(const Address& address, SSL_CTX* tls, const std::vector<Person>& members) {
  json::array ids;
  for (std::size_t i = 1; i < members.size(); ++i)
    ids.push_back(json::value(std::to_string(members[i].user_id)));
  Http http(address, tls);
  return id_of(
      http.call("POST", "/api/groups", json::serialize(json::object{{"name", "load"}, {"member_ids", ids}}),
                members.front().token),
      "conversation_id");
}

std::string get_page(const Address& address, SSL_CTX* tls, const std::string& path) {
  return Http(address, tls).call("GET", path, "", "");
}

}  // namespace sotto::bench
