#include "sdk/store/vfs/key_file.hpp"

#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  KeyWrap wrap_with(const DatabaseKey& key) {
    Result<KeyWrap> wrap = KeyWrap::create(key, random_);
    if (!wrap) ADD_FAILURE() << wrap.error().message;
    return *std::move(wrap);
  }

  SeededRandom random_{1};
  SecretBytes file_key_ = SecretBytes::random(random_, 32);
};

TEST_F(KeyFileTest, AKeyThatWasWrappedComesBackWithTheSameKeyOnly) {
  for (const bool passphrase : {false, true}) {
    const DatabaseKey key = passphrase ? test_passphrase() : test_key();
    const KeySlot slot = wrap_with(key).wrap(file_key_, random_);
    Result<KeyWrap> same = KeyWrap::derive(key, slot);
    ASSERT_TRUE(same);
    std::optional<SecretBytes> out = same->unwrap(slot);
    ASSERT_TRUE(out);
    EXPECT_EQ(*out, file_key_);
    Result<KeyWrap> other = KeyWrap::derive(passphrase ? test_passphrase("x") : test_key(2), slot);
    ASSERT_TRUE(other);
    EXPECT_FALSE(other->unwrap(slot));
  }
}

TEST_F(KeyFileTest, ASlotSurvivesItsBytes) {
  const KeySlot slot = wrap_with(test_passphrase()).wrap(file_key_, random_);
  std::optional<KeySlot> read = decode_slot(encode_slot(slot));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, slot.kind);
  EXPECT_EQ(read->cost, slot.cost);
  EXPECT_EQ(read->salt, slot.salt);
  EXPECT_EQ(read->nonce, slot.nonce);
  EXPECT_EQ(read->wrapped, slot.wrapped);
}

TEST_F(KeyFileTest, EveryFlippedBitOfASlotIsFound) {
  const auto whole = encode_slot(wrap_with(test_key()).wrap(file_key_, random_));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto changed = whole;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(decode_slot(changed)) << bit;
  }
  EXPECT_FALSE(decode_slot(std::span(whole).first(kSlotSize - 1)));
}

TEST_F(KeyFileTest, ACostThatWouldStopThePhoneIsNotAccepted) {
  KeySlot slot = wrap_with(test_passphrase()).wrap(file_key_, random_);
  slot.cost.memory_kib = 64 * 1024 * 1024;
  EXPECT_FALSE(decode_slot(encode_slot(slot)));
  slot.cost = {.passes = 1'000'000, .memory_kib = 8};
  EXPECT_FALSE(decode_slot(encode_slot(slot)));
  Result<KeyWrap> made = KeyWrap::create(
      DatabaseKey::passphrase(SecretBytes(as_bytes("x")), {.passes = 0, .memory_kib = 8}), random_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

TEST_F(KeyFileTest, NoTwoWrapsOfAKeyAreAlike) {
  const KeyWrap wrap = wrap_with(test_key());
  EXPECT_NE(wrap.wrap(file_key_, random_).wrapped, wrap.wrap(file_key_, random_).wrapped);
  EXPECT_NE(wrap_with(test_key()).wrap(file_key_, random_).salt, wrap.wrap(file_key_, random_).salt);
}

TEST(ChangeKey, APowerLossAtAnyChangeLeavesADatabaseThatOneOfTheTwoKeysOpens) {
  EncryptedOptions options;
  bool struck = true;
  int old_opens = 0;
  int new_opens = 0;
  for (std::int64_t at = 1; struck; ++at) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      test::CrashDisk disk(seed);
      options.base_vfs = disk.vfs_name();
      {
        Result<Database> db = open_encrypted(kPath, test_key(1), options);
        ASSERT_TRUE(db) << db.error().message;
        ASSERT_DONE(db->exec("CREATE TABLE t (a INTEGER) STRICT"));
      }
      disk.crash_at(at);
      const bool changed = change_key(kPath, test_key(1), test_key(2), options).ok();
      struck = disk.struck();
      ASSERT_NE(changed, struck);
      disk.power_cycle();
      const bool with_old = open_encrypted(kPath, test_key(1), options).ok();
      const bool with_new = open_encrypted(kPath, test_key(2), options).ok();
      ASSERT_TRUE(with_old || with_new) << "change " << at << ", seed " << seed;
      ASSERT_TRUE(!changed || (with_new && !with_old));
      old_opens += with_old ? 1 : 0;
      new_opens += with_new ? 1 : 0;
    }
  }
  EXPECT_GT(old_opens, 0);
  EXPECT_GT(new_opens, 5);
}

}  // namespace
}  // namespace sotto::vfs
