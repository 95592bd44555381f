// The heap of a test program, measured: bytes in use, and how often more was asked for. Include it in one file of a
// program only, whose malloc and realloc it becomes; not where a sanitizer brings its own heap or the C library is
// another one, where nothing is measured.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdlib>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MATCHBUS_FOREIGN_HEAP
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define MATCHBUS_FOREIGN_HEAP
#endif

namespace matchbus::test {

// Calls of malloc and realloc so far; 0 where nothing is measured.
inline size_t heap_allocations = 0;

// Bytes; 0 where nothing is measured.
inline size_t heap_in_use() {
#ifndef MATCHBUS_FOREIGN_HEAP
  return mallinfo2().uordblks;
#else
  return 0;
#endif
}

}  // namespace matchbus::test

#ifndef MATCHBUS_FOREIGN_HEAP
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_realloc(void* block, size_t size);
void* malloc(size_t size) {
  ++matchbus::test::heap_allocations;
  return __libc_malloc(size);
}
void* realloc(void* block, size_t size) {
  ++matchbus::test::heap_allocations;
  return __libc_realloc(block, size);
}
}
#endif
