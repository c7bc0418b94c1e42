// What the examples of README.md and docs/sdk.md use and do not declare: parts of somebody's app. They are
// compiled, never run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "sotto/client.hpp"
#include "sotto/testing.hpp"

using namespace std::chrono_literals;

struct AppLoop {
  void post(const std::function<void()>& task);
};
void poll_now();

void show(const sotto::Message& message);
void show(const sotto::Message& message, const std::vector<sotto::TextRange>& places);
void show(const sotto::Result<sotto::Contact>& who);

struct App {
  bool shows(const std::string& text);
};

#define EXAMPLE_PARAMETERS                                                                \
  [[maybe_unused]] std::unique_ptr<sotto::Client>&client, [[maybe_unused]] AppLoop &loop, \
      [[maybe_unused]] App &app
