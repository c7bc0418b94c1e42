// Marks what the library shows to apps. Everything else is hidden: a smaller library, and no clash with other
// symbols in the host app. Define SOTTO_STATIC when linking the static library on Windows.
#pragma once

#if defined(_WIN32) && !defined(SOTTO_STATIC)
#if defined(SOTTO_BUILDING)
#define SOTTO_API __declspec(dllexport)
#else
#define SOTTO_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define SOTTO_API __attribute__((visibility("default")))
#else
#define SOTTO_API
#endif
