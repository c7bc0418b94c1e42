#include "tests/unit/sdk/mls/memory_peak.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {
std::atomic<std::size_t> in_use = 0;
std::atomic<std::size_t> highest = 0;
}  // namespace

void* operator new(std::size_t size) {
  if (in_use + size > sotto::mls::kMostMemoryOfAll) throw std::bad_alloc();
  void* p = std::malloc(std::max<std::size_t>(size, 1));
  if (p == nullptr) throw std::bad_alloc();
  in_use += malloc_usable_size(p);
  highest = std::max(highest.load(), in_use.load());
  return p;
}
void operator delete(void* p) noexcept {
  in_use -= malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  operator delete(p);
}

namespace sotto::mls {

MemoryPeak::MemoryPeak() : before_(in_use) {
  highest = before_;
}

std::size_t MemoryPeak::bytes() const {
  return highest - before_;
}

}  // namespace sotto::mls
