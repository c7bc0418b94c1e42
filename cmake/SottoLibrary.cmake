# libsotto for apps: everything of the SDK in one library, shared and static, and what installs it.
#   sotto_sdk_libraries(sotto_client)     # makes the targets sotto (shared) and sotto_static
# The parts are what the given target links to within the tree, directly or not; the rest are its dependencies.

function(sotto_link_closure target out_parts out_dependencies)
  set(parts "")
  set(dependencies "")
  set(pending ${target})
  while(pending)
    list(POP_FRONT pending next)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" next "${next}")
    if(next IN_LIST parts OR next IN_LIST dependencies OR next STREQUAL "sotto_options")
      continue()
    endif()
    if(next MATCHES "^sotto_" AND TARGET ${next})
      list(APPEND parts ${next})
      get_target_property(links ${next} LINK_LIBRARIES)
      if(links)
        list(APPEND pending ${links})
      endif()
    else()
      list(APPEND dependencies ${next})
    endif()
  endwhile()
  set(${out_parts} ${parts} PARENT_SCOPE)
  set(${out_dependencies} ${dependencies} PARENT_SCOPE)
endfunction()

function(sotto_sdk_libraries target)
  sotto_link_closure(${target} parts dependencies)
  set(objects "")
  foreach(part ${parts})
    get_target_property(type ${part} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      list(APPEND objects $<TARGET_OBJECTS:${part}>)
    endif()
  endforeach()

  add_library(sotto SHARED ${objects})
  add_library(sotto_static STATIC ${objects})
  foreach(library sotto sotto_static)
    set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME sotto)
    target_compile_features(${library} INTERFACE cxx_std_20)
    target_include_directories(${library} INTERFACE
      $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/sdk/include> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/base/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PRIVATE ${dependencies})
  endforeach()
  target_link_libraries(sotto PRIVATE $<BUILD_INTERFACE:sotto_options>)
  set_target_properties(sotto PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  set_target_properties(sotto_static PROPERTIES EXPORT_NAME static)

  sotto_show_only(sotto ${CMAKE_SOURCE_DIR}/cmake/libsotto.map)
endfunction()

# Only what the public headers declare is to be seen from outside; templates of Boost and the standard library that were
# compiled here are nobody else's.
function(sotto_show_only library map)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${library} PRIVATE -Wl,--version-script=${map})
    set_property(TARGET ${library} APPEND PROPERTY LINK_DEPENDS ${map})
    if(NOT SOTTO_SANITIZE)
      target_link_options(${library} PRIVATE -Wl,-z,defs) # a forgotten dependency fails here and not in an app
    endif()
  endif()
endfunction()

# NAME.pc from cmake/NAME.pc.in
function(sotto_install_pc name component)
  file(RELATIVE_PATH SOTTO_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/${name}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()

function(sotto_install_sdk)
  set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Sotto)
  install(TARGETS sotto EXPORT SottoTargets COMPONENT sdk LIBRARY NAMELINK_COMPONENT sdk)
  install(EXPORT SottoTargets NAMESPACE Sotto:: DESTINATION ${config_dir} COMPONENT sdk)
  install(TARGETS sotto_static EXPORT SottoStaticTargets COMPONENT sdk)
  install(EXPORT SottoStaticTargets NAMESPACE Sotto:: DESTINATION ${config_dir} COMPONENT sdk)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/sdk/include/sotto ${CMAKE_SOURCE_DIR}/base/include/sotto
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)

  include(CMakePackageConfigHelpers)
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/SottoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/SottoConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/SottoConfig.cmake @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/SottoConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/SottoConfigVersion.cmake
    DESTINATION ${config_dir} COMPONENT sdk)
  sotto_install_pc(sotto sdk)
endfunction()
