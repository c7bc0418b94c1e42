// One open file, between SQLite and the real disk. Each kind of file has its own layer, which turns SQLite's
// reads and writes of plain bytes into those of sealed ones: `main_file`, `wal_file`, `journal_file`.
//
// All functions return SQLite result codes. A layer never touches the bytes of another page, header or record
// than it was asked for, so SQLite's own rules of what a crash may leave still hold.
#pragma once

#include <cstdint>

#include <sqlite3.h>

namespace sotto::vfs {

/// The real file, opened by the VFS underneath.
class BaseFile {
 public:
  explicit BaseFile(sqlite3_file* file) : file_(file) {}

  int read(void* out, int amount, std::int64_t offset) const {
    return file_->pMethods->xRead(file_, out, amount, offset);
  }
  int write(const void* data, int amount, std::int64_t offset) const {
    return file_->pMethods->xWrite(file_, data, amount, offset);
  }
  int truncate(std::int64_t size) const { return file_->pMethods->xTruncate(file_, size); }
  int sync(int flags) const { return file_->pMethods->xSync(file_, flags); }
  int size(std::int64_t* out) const {
    sqlite3_int64 now = 0;
    const int code = file_->pMethods->xFileSize(file_, &now);
    *out = now;
    return code;
  }
  [[nodiscard]] sqlite3_file* handle() const { return file_; }

 private:
  sqlite3_file* file_;
};

class Layer {
 public:
  explicit Layer(BaseFile file) : file_(file) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  virtual int read(std::uint8_t* out, int amount, std::int64_t offset) = 0;
  virtual int write(const std::uint8_t* data, int amount, std::int64_t offset) = 0;
  virtual int truncate(std::int64_t size) { return file_.truncate(size); }
  virtual int sync(int flags) { return file_.sync(flags); }

 protected:
  BaseFile file_;
};

}  // namespace sotto::vfs
