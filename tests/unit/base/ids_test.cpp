#include "sotto/ids.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

TEST(Ids, DecimalTextRoundTripsTheWholeRange) {
  EXPECT_EQ(parse_id<MessageId>("18446744073709551615"), MessageId{UINT64_MAX});
  EXPECT_EQ(to_string(MessageId{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(parse_id<UserId>("0"), UserId{0});
}

TEST(Ids, AnythingButPlainDigitsIsNothing) {
  for (const char* bad :
       {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "18446744073709551616", "123456789012345678901"})
    EXPECT_FALSE(parse_id<UserId>(bad)) << bad;
}

}  // namespace
}  // namespace sotto
