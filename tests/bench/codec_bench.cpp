// What a frame costs on the wire, in both subprotocols: one message in, one message out.
#include <string>

#include "proto/frame_codec.hpp"
#include <benchmark/benchmark.h>

namespace sotto {
namespace {

constexpr const char* kKey = "0190b5f2-7c1e-7a3b-9d2e-0123456789ab";
constexpr std::uint64_t kId = 382'901'823'901'829'120;

WireFormat format_of(const benchmark::State& state) {
  return state.range(0) == 0 ? WireFormat::binary : WireFormat::json;
}

void decode_message(benchmark::State& state) {
  v1::ClientFrame frame;
  auto& message = *frame.mutable_message();
  message.set_idempotency_key(kKey);
  message.set_conversation_id(kId);
  message.set_content(std::string(100, 'x'));
  const std::string bytes = encode_frame(format_of(state), frame);
  for (auto _ : state) {
    auto decoded = decode_client_frame(format_of(state), bytes);
    if (!decoded) state.SkipWithError("not a frame");
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK(decode_message)->ArgName("json")->Arg(0)->Arg(1);

void encode_message(benchmark::State& state) {
  v1::ServerFrame frame;
  auto& message = *frame.mutable_message();
  message.set_idempotency_key(kKey);
  message.set_conversation_id(kId);
  message.set_message_id(kId + 1);
  message.set_sender_id(kId + 2);
  message.set_sender_device_id(kId + 3);
  message.set_content(std::string(100, 'x'));
  message.set_created_at(1'795'480'000'000);
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_frame(format_of(state), frame, out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(encode_message)->ArgName("json")->Arg(0)->Arg(1);

void encode_ack(benchmark::State& state) {
  v1::ServerFrame frame;
  auto& ack = *frame.mutable_ack();
  ack.set_idempotency_key(kKey);
  ack.set_conversation_id(kId);
  ack.set_message_id(kId + 1);
  ack.set_created_at(1'795'480'000'000);
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_frame(format_of(state), frame, out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(encode_ack)->ArgName("json")->Arg(0)->Arg(1);

}  // namespace
}  // namespace sotto

BENCHMARK_MAIN();
