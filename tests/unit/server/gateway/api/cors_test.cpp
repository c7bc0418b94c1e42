#include "server/gateway/api/cors.hpp"

#include <gtest/gtest.h>

namespace sotto::server {
namespace {

HttpRequest from(std::string origin) {
  HttpRequest request;
  if (!origin.empty()) request.headers.push_back({"Origin", std::move(origin)});
  return request;
}

TEST(Cors, AllowsNobodyByDefault) {
  EXPECT_FALSE(Cors({}).allow(from("https://chat.example")));
}

TEST(Cors, AllowsTheConfiguredOriginsOnly) {
  const Cors cors({"https://chat.example", "http://localhost:3000"});
  EXPECT_EQ(cors.allow(from("https://chat.example")), "https://chat.example");
  EXPECT_EQ(cors.allow(from("http://localhost:3000")), "http://localhost:3000");
  for (const char* origin :
       {"", "https://chat.example.evil", "http://chat.example", "https://chat.example:444", "null"})
    EXPECT_FALSE(cors.allow(from(origin))) << origin;
}

TEST(Cors, AStarIsAnyOrigin) {
  EXPECT_EQ(Cors({"*"}).allow(from("https://anything.example")), "https://anything.example");
}

}  // namespace
}  // namespace sotto::server
