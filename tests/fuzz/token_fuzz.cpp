// Access tokens: no text is one but those that the server made, whole and in time. The input is edits of a
// genuine one, by 3 bytes (place, what to do, value); and the input itself.
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/services/accounts/access_token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  using namespace sotto::server;
  const SecretBytes key(kTokenKeyBytes);
  const Timestamp now = from_unix_ms(1'800'000'000'000);
  static const std::string genuine = make_access_token(key, {UserId{7}, DeviceId{8}}, now + Milliseconds{1});
  if (!read_access_token(key, genuine, now)) std::abort();
  if (read_access_token(key, genuine, now + Milliseconds{2})) std::abort();

  std::string edited = genuine;
  for (std::size_t i = 0; i + 3 <= size && !edited.empty(); i += 3) {
    const std::size_t place = data[i] % edited.size();
    const char value = static_cast<char>(data[i + 2]);
    switch (data[i + 1] % 4) {
      case 0:
        edited[place] = value;
        break;
      case 1:
        edited.insert(place, 1, value);
        break;
      case 2:
        edited.erase(place, 1);
        break;
      default:
        edited += value;
    }
  }
  if (edited != genuine && read_access_token(key, edited, now)) std::abort();
  const std::string_view itself(reinterpret_cast<const char*>(data), size);
  if (itself != genuine && read_access_token(key, itself, now)) std::abort();
  return 0;
}
