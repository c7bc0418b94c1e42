// Marks what the library exports. Everything else is hidden, which keeps the library small and its symbols
// apart from those of the app. Define SOTTO_STATIC when linking the static library on Windows.
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
