// Deliberate bugs. The simulator has to find each of them, which shows that it finds bugs at all
// (tests/simulation/mutants.cpp, docs/guarantees.md). Only sotto-simulate-mutants is compiled with
// SOTTO_MUTANTS; in every other program `mutant` is false at compile time and leaves no code.
//
//   if (mutant(Mutant::ack_before_commit)) events_.committed(batch);
#pragma once

#include <cstdint>

namespace sotto {

enum class Mutant : std::uint8_t {
  none,
  // of the server
  ack_before_commit,
  dedupe_skipped,
  id_goes_down,
  removed_member_gets_messages,
  own_devices_forgotten,
  live_overtakes_catch_up,
  catch_up_ends_early,
  page_skips_elements,
  log_not_merged,
  receipts_not_stored,
  confirmed_before_commit,
  revoked_connection_stays,
  block_not_looked_at,
  block_not_stored,
  deleted_account_lives_on,
  presence_not_taken_back,
  // of the SDK
  cursor_past_hole,
  delivered_before_commit,
  delivered_told_too_early,
  read_told_too_early,
  resend_forgotten,
  resend_reordered,
  outbox_row_lost,
  key_not_kept,
  status_goes_back,
  unread_off,
  sign_out_not_told,
  // of both
  commit_not_synced,
  count,
};

#ifdef SOTTO_MUTANTS
// Each build has its own namespace, since the program links libraries that were compiled without mutants.
inline namespace with_mutants {
extern thread_local Mutant chosen_mutant;
inline bool mutant(Mutant which) {
  return chosen_mutant == which;
}
}  // namespace with_mutants
#else
inline namespace without_mutants {
constexpr bool mutant(Mutant) {
  return false;
}
}  // namespace without_mutants
#endif

}  // namespace sotto
