#include "sdk/cli/profile.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace sotto::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr char kKeyFile[] = "store.key";
constexpr char kServerFile[] = "server";

Error cannot(const std::string& what, const fs::path& path, const std::string& why) {
  return Error(ErrorCode::invalid_argument, "cannot " + what + " " + path.string() + ": " + why);
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return cannot("read", path, std::generic_category().message(errno));
  return content.str();
}

/// Written whole under another name, made durable, then moved into place: a crash leaves the old file or the
/// new one.
Result<void> write_private_file(const fs::path& path, ByteView content) {
  const fs::path unfinished = path.string() + ".new";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  bool written = file >= 0;
  written = written && ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  written = written && ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  if (!written) return cannot("write", unfinished, std::generic_category().message(why));
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (error) return cannot("write", path, error.message());
  return {};
}

Result<StoreKey> store_key(const fs::path& directory) {
  if (const char* passphrase = std::getenv("SOTTO_PASSPHRASE");
      passphrase != nullptr && *passphrase != '\0') {
    return StoreKey::passphrase(passphrase);
  }
  const fs::path path = directory / kKeyFile;
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    auto text = read_file(path);
    if (!text) return text.error();
    if (text->size() != kKeyBytes)
      return cannot("use", path, "a key has 32 bytes, this file has " + std::to_string(text->size()));
    StoreKey key = StoreKey::raw(to_bytes(as_bytes(*text)));
    wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    return key;
  }
  auto made = SecretBytes::random(system_random(), kKeyBytes);
  if (auto saved = write_private_file(path, made.view()); !saved) return saved.error();
  return StoreKey::raw(to_bytes(made.view()));
}

Result<std::string> server_url(const fs::path& directory, const std::string& given) {
  const fs::path path = directory / kServerFile;
  if (!given.empty()) {
    if (auto saved = write_private_file(path, as_bytes(given)); !saved) return saved.error();
    return given;
  }
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error(ErrorCode::invalid_argument,
                 "which server? Give it once with --server URL; it is remembered in " + path.string());
  }
  return read_file(path);
}

}  // namespace

fs::path profile_directory(const std::string& name) {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return fs::path(data) / "sotto" / name;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".local" / "share" / "sotto" / name;
}

Result<std::unique_ptr<Client>> open_profile(const ProfileArguments& arguments) {
  if (arguments.store.empty() &&
      (arguments.profile.empty() || arguments.profile.find('/') != std::string::npos)) {
    return Error(ErrorCode::invalid_argument,
                 "--profile is a plain name, not a path; --store takes a directory");
  }
  const fs::path directory = arguments.store.empty() ? profile_directory(arguments.profile) : arguments.store;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return cannot("make", directory, error.message());
  fs::permissions(directory, fs::perms::owner_all, error);  // what is inside is nobody else's business
  if (error) return cannot("protect", directory, error.message());

  ClientOptions options;
  options.directory = directory;
  auto server = server_url(directory, arguments.server);
  if (!server) return server.error();
  options.server_url = *server;
  auto key = store_key(directory);
  if (!key) return key.error();
  options.key = std::move(*key);
  options.device_name = "sotto in a terminal";
  options.user_agent = "sotto-cli/" SOTTO_VERSION;
  if (!arguments.trusted_roots_file.empty()) {
    auto roots = read_file(arguments.trusted_roots_file);
    if (!roots) return roots.error();
    options.trusted_roots_pem = std::move(*roots);
  }
  return Client::open(std::move(options));
}

}  // namespace sotto::cli
