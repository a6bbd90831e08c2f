# mizzen_schema(TARGET PROTOS...) compiles .proto files (paths below src/) into plain structs and field tables:
# src/x/schema/y.proto becomes <build>/generated/x/schema/y.h. TARGET is a static library of the tables.
# KINDS FILE also writes a table of all kinds in these files, see tools/protoc-gen-mizzen/main.cc.
add_subdirectory(${CMAKE_SOURCE_DIR}/tools/protoc-gen-mizzen)

function(mizzen_schema TARGET)
  cmake_parse_arguments(ARG "" "KINDS" "PROTOS;DEPS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated)
  set(stage ${CMAKE_CURRENT_BINARY_DIR}/${TARGET}_stage)
  set(outputs "")
  set(sources "")
  foreach(proto ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    list(APPEND outputs ${out}/${base}.h ${out}/${base}.cc)
    list(APPEND sources ${out}/${base}.cc)
  endforeach()
  set(parameter "")
  if(ARG_KINDS)
    list(APPEND outputs ${out}/${ARG_KINDS}.cc)
    list(APPEND sources ${out}/${ARG_KINDS}.cc)
    set(parameter "--mizzen_opt=kinds=${ARG_KINDS}.cc")
  endif()
  list(TRANSFORM ARG_PROTOS PREPEND ${CMAKE_SOURCE_DIR}/src/ OUTPUT_VARIABLE inputs)
  list(JOIN ARG_PROTOS " " proto_words)
  file(GENERATE OUTPUT ${stage}.list CONTENT "$<JOIN:${ARG_PROTOS},\n>\n")
  # Only files whose content changed are touched, so that one changed field recompiles one kind.
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${stage}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${stage}
    COMMAND protoc -I ${CMAKE_SOURCE_DIR}/src --plugin=protoc-gen-mizzen=$<TARGET_FILE:protoc-gen-mizzen>
            ${parameter} --mizzen_out=${stage} @${stage}.list
    COMMAND ${CMAKE_COMMAND} -DFROM=${stage} -DTO=${out} -P ${CMAKE_SOURCE_DIR}/cmake/copy_changed.cmake
    DEPENDS ${inputs} protoc-gen-mizzen ${CMAKE_SOURCE_DIR}/cmake/copy_changed.cmake
            ${CMAKE_SOURCE_DIR}/src/codec/schema/options.proto ${CMAKE_SOURCE_DIR}/src/codec/schema/values.proto
    COMMENT "schema ${TARGET}")
  add_library(${TARGET} STATIC ${sources})
  target_link_libraries(${TARGET} PUBLIC mizzen_flags codec ${ARG_DEPS})
  # Tables are data: optimising harder buys nothing, and few large units compile faster than many small ones.
  target_compile_options(${TARGET} PRIVATE -O1 -g0)
  set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
endfunction()
