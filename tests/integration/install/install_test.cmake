# Installs the SDK into a folder of its own and does with it what an app developer does: see CMakeLists.txt.
cmake_minimum_required(VERSION 3.25)

# Fails with `what` and the command's output if it does not end with `status`.
function(run what status)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE ended OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT ended EQUAL status)
    message(FATAL_ERROR "${what}: ended with ${ended} instead of ${status}\n${out}")
  endif()
  set(output "${out}" PARENT_SCOPE)
endfunction()

set(prefix ${WORK_DIR}/prefix)
file(REMOVE_RECURSE ${WORK_DIR})
run("installing" 0 ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --component sdk)
if(EXISTS ${prefix}/include/sotto/testing.hpp)
  message(FATAL_ERROR "the test kit is part of what an app ships")
endif()
run("installing the test kit" 0 ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --component testkit)

# Public headers only, and they need nothing but the standard library.
file(GLOB_RECURSE headers RELATIVE ${prefix} ${prefix}/include/*)
if(NOT "include/sotto/client.hpp" IN_LIST headers)
  message(FATAL_ERROR "include/sotto/client.hpp was not installed")
endif()
foreach(header ${headers})
  if(NOT header MATCHES "^include/sotto/[a-z_]+\\.(hpp|h)$")
    message(FATAL_ERROR "${header} is not a public header")
  endif()
  file(STRINGS ${prefix}/${header} includes REGEX "^ *# *include")
  foreach(line ${includes})
    if(NOT line MATCHES "<([a-z_0-9]+|std[a-z]+\\.h)>" AND NOT line MATCHES "\"sotto/[a-z_]+\\.(hpp|h)\"")
      message(FATAL_ERROR "${header} leaks a dependency: ${line}")
    endif()
  endforeach()
endforeach()

# find_package
if(SANITIZE STREQUAL "address")
  set(flags -fsanitize=address,undefined)
elseif(SANITIZE STREQUAL "thread")
  set(flags -fsanitize=thread)
endif()
foreach(example echo-bot minimal-chat)
  set(build ${WORK_DIR}/${example})
  run("configuring ${example}" 0 ${CMAKE_COMMAND} -G Ninja -S ${SOURCE_DIR}/examples/${example} -B ${build}
    -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror ${flags}")
  run("building ${example}" 0 ${CMAKE_COMMAND} --build ${build})
  run("running ${example} without arguments" 2 ${build}/${example})
endforeach()

# An app's test, on the test kit.
set(build ${WORK_DIR}/test-your-app)
run("configuring test-your-app" 0 ${CMAKE_COMMAND} -G Ninja -S ${SOURCE_DIR}/examples/test-your-app -B ${build}
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror ${flags}")
run("building test-your-app" 0 ${CMAKE_COMMAND} --build ${build})
run("running test-your-app" 0 ${build}/screen-test)

# The static library, as a project that is not one of the examples would take it.
file(WRITE ${WORK_DIR}/static/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(static LANGUAGES CXX)
find_package(Sotto REQUIRED COMPONENTS static)
add_executable(static ${SOURCE_DIR}/examples/echo-bot/main.cpp)
target_link_libraries(static PRIVATE Sotto::static)
find_package(Sotto QUIET COMPONENTS nonsense)
if(Sotto_FOUND)
  message(FATAL_ERROR \"a component that is not there was found\")
endif()
")
run("configuring with the static library" 0 ${CMAKE_COMMAND} -G Ninja -S ${WORK_DIR}/static -B ${WORK_DIR}/static/build
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${flags}")
run("building with the static library" 0 ${CMAKE_COMMAND} --build ${WORK_DIR}/static/build)
run("running it without arguments" 2 ${WORK_DIR}/static/build/static)

# pkg-config
file(GLOB pc ${prefix}/lib*/pkgconfig/sotto.pc ${prefix}/lib/*/pkgconfig/sotto.pc)
get_filename_component(pc_dir "${pc}" DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${pc_dir})
run("pkg-config" 0 pkg-config --cflags --libs sotto)
separate_arguments(pkg_flags UNIX_COMMAND "${output}")
run("pkg-config --modversion" 0 pkg-config --modversion sotto)
string(STRIP "${output}" version)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "pkg-config says version ${version}, the project ${VERSION}")
endif()
get_filename_component(lib_dir ${pc_dir} DIRECTORY)
run("building with pkg-config's flags" 0 ${CXX} -std=c++20 ${flags} ${SOURCE_DIR}/examples/echo-bot/main.cpp ${pkg_flags}
  -Wl,-rpath,${lib_dir} -o ${WORK_DIR}/echo-bot-pkg-config)
run("running it without arguments" 2 ${WORK_DIR}/echo-bot-pkg-config)

run("pkg-config of the test kit" 0 pkg-config --cflags --libs sotto-testkit)
separate_arguments(kit_flags UNIX_COMMAND "${output}")
run("building with the test kit's flags" 0 ${CXX} -std=c++20 ${flags} ${SOURCE_DIR}/examples/test-your-app/screen_test.cpp
  ${kit_flags} -Wl,-rpath,${lib_dir} -o ${WORK_DIR}/screen-test-pkg-config)
run("running it" 0 ${WORK_DIR}/screen-test-pkg-config)

# Nothing but the API is to be seen from outside.
function(check_symbols library names)
  run("listing symbols" 0 ${NM} -DC --defined-only ${library})
  string(REGEX REPLACE "[^\n]* ${names}::[^\n]*\n" "" foreign "${output}")
  string(REGEX REPLACE "[^\n]*(typeinfo|vtable|typeinfo name) for ${names}::[^\n]*\n" "" foreign "${foreign}")
  if(NOT foreign STREQUAL "")
    message(FATAL_ERROR "${library} shows symbols that are not its API:\n${foreign}")
  endif()
endfunction()
set(library ${lib_dir}/libsotto.so)
check_symbols(${library} sotto)
check_symbols(${lib_dir}/libsotto-testkit.so sotto::testing)

# Size: the target is for a phone's app (docs/sdk.md).
file(REAL_PATH ${library} library)
run("stripping" 0 ${STRIP} --strip-unneeded -o ${WORK_DIR}/libsotto.stripped.so ${library})
file(SIZE ${WORK_DIR}/libsotto.stripped.so size)
math(EXPR kib "${size} / 1024")
message(STATUS "libsotto.so, stripped: ${kib} KiB")
if(NOT SANITIZE AND kib GREATER 4096)
  message(FATAL_ERROR "libsotto.so is ${kib} KiB stripped; the target is 4096")
endif()
