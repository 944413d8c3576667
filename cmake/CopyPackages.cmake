# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DFROM=DIR -DTO=DIR -P CopyPackages.cmake: put the .debs where the operator looks for them; an unchanged
# package keeps its time stamp, so that nothing is rebuilt for it.
file(GLOB packages "${FROM}/*.deb")
if(NOT packages)
    message(FATAL_ERROR "no package was made: see cpack.log")
endif()
file(MAKE_DIRECTORY "${TO}")
foreach(package ${packages})
    get_filename_component(name "${package}" NAME)
    file(COPY_FILE "${package}" "${TO}/${name}" ONLY_IF_DIFFERENT)
endforeach()
