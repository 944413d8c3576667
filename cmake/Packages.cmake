# SPDX-License-Identifier: GPL-3.0-or-later
# Four Debian packages: bedplate (operator's command), bedplate-installer (the installer environment's services),
# bedplate-node (what an installed node runs), and bedplate-lab (clusters of virtual machines; in no image).
# `ninja packages` leaves them in out/.

set(unit_dir lib/systemd/system)

install(TARGETS bedplate RUNTIME DESTINATION bin COMPONENT operator)
file(GLOB profiles CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/profiles/*.yaml")
file(GLOB schemas CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/profiles/schema/*.json")
install(FILES ${profiles} DESTINATION share/bedplate/profiles COMPONENT operator)
install(FILES ${schemas} DESTINATION share/bedplate/schema COMPONENT operator)

install(TARGETS bedplate-lab bedplate-pulse RUNTIME DESTINATION lib/bedplate COMPONENT lab)

set(installer_units
    installer/units/bedplate-installer.target
    installer/units/bedplate-unattended.service
    installer/units/bedplate-verify.service
    installer/units/bedplate-engine.service
    installer/units/bedplate-screen@.service
    installer/units/bedplate-shell@.service)
install(FILES ${installer_units} DESTINATION ${unit_dir} COMPONENT installer)
install(TARGETS bedplate-tui RUNTIME DESTINATION bin COMPONENT installer)
install(FILES installer/units/shell-motd DESTINATION share/bedplate COMPONENT installer)

set(node_units
    firstboot/units/bedplate-identity.service
    firstboot/units/bedplate-network-pending.service
    firstboot/units/bedplate-firstboot.service
    firstboot/units/bedplate-machines.service
    firstboot/units/bedplate-hardware.service
    firstboot/units/bedplate-hardware.timer)
# The page that a node's Prometheus serves, and the same for those who have Grafana.
set(dashboard firstboot/dashboard/index.html firstboot/dashboard/dashboard.css firstboot/dashboard/panels.json
    firstboot/dashboard/page.js firstboot/dashboard/render.js firstboot/dashboard/chart.js firstboot/dashboard/figures.js)
install(FILES ${dashboard} DESTINATION share/bedplate/dashboard COMPONENT node)
install(FILES "${CMAKE_BINARY_DIR}/bedplate-grafana.json" DESTINATION share/bedplate COMPONENT node)
install(DIRECTORY docs/runbooks/ DESTINATION share/bedplate/runbooks COMPONENT node FILES_MATCHING PATTERN "*.md")
install(TARGETS bedplate-firstboot bedplate-accept bedplate-ceph bedplate-vm RUNTIME DESTINATION lib/bedplate COMPONENT node)
install(PROGRAMS firstboot/ceph_volume.py DESTINATION lib/bedplate RENAME ceph-volume COMPONENT node)
install(PROGRAMS firstboot/virtual_domain.sh DESTINATION lib/ocf/resource.d/bedplate RENAME VirtualDomain COMPONENT node)
install(FILES firstboot/sysusers.conf DESTINATION lib/sysusers.d RENAME bedplate.conf COMPONENT node)
install(FILES ${node_units} DESTINATION ${unit_dir} COMPONENT node)
# What the services of other packages need besides: known from the start, so that no first boot has to read units again.
file(GLOB_RECURSE dropins CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" firstboot/dropins/*.conf)
install(DIRECTORY firstboot/dropins/ DESTINATION ${unit_dir} COMPONENT node)

# The name that syslog.socket starts, which Debian's rsyslog has as soon as it is enabled: known from the start as well.
file(CREATE_LINK rsyslog.service "${CMAKE_BINARY_DIR}/links/syslog.service" SYMBOLIC)
install(FILES "${CMAKE_BINARY_DIR}/links/syslog.service" DESTINATION ${unit_dir} COMPONENT node)
# After Debian's syslog.conf, by its name.
install(FILES firstboot/journald.conf DESTINATION lib/systemd/journald.conf.d RENAME zz-bedplate.conf COMPONENT node)

install(FILES firstboot/devices.conf DESTINATION lib/systemd/system.conf.d RENAME 10-bedplate.conf
    COMPONENT node)
install(FILES firstboot/logind.conf DESTINATION lib/systemd/logind.conf.d RENAME 10-bedplate.conf
    COMPONENT node)
install(FILES firstboot/resolved.conf DESTINATION lib/systemd/resolved.conf.d RENAME 10-bedplate.conf
    COMPONENT node)

# Enabled by links in the package: there is no moment at which somebody could enable them by hand.
function(enable_unit component wants unit)
    set(link "${CMAKE_BINARY_DIR}/links/${component}/${wants}/${unit}")
    get_filename_component(directory "${link}" DIRECTORY)
    file(MAKE_DIRECTORY "${directory}")
    file(CREATE_LINK "../${unit}" "${link}" SYMBOLIC)
    install(FILES "${link}" DESTINATION "${unit_dir}/${wants}" COMPONENT ${component})
endfunction()
enable_unit(node sysinit.target.wants bedplate-identity.service)
enable_unit(node sysinit.target.wants bedplate-network-pending.service)
enable_unit(node multi-user.target.wants bedplate-firstboot.service)
enable_unit(node multi-user.target.wants bedplate-machines.service)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/links/installer")
file(CREATE_LINK /usr/lib/systemd/system/bedplate-installer.target "${CMAKE_BINARY_DIR}/links/installer/default.target" SYMBOLIC)
# In /etc, since the file of this name below /usr belongs to systemd.
install(FILES "${CMAKE_BINARY_DIR}/links/installer/default.target" DESTINATION /etc/systemd/system COMPONENT installer)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Bedplate developers <bedplate@bedplate.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL operator installer node lab)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)

set(CPACK_DEBIAN_OPERATOR_PACKAGE_NAME bedplate)
set(CPACK_COMPONENT_OPERATOR_DESCRIPTION "Operator's command: plans, images, nodes")
set(CPACK_DEBIAN_OPERATOR_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_INSTALLER_PACKAGE_NAME bedplate-installer)
set(CPACK_COMPONENT_INSTALLER_DESCRIPTION "Screens and services of the installer environment; not for installed systems")
set(CPACK_DEBIAN_INSTALLER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_INSTALLER_PACKAGE_DEPENDS "bedplate (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_NODE_PACKAGE_NAME bedplate-node)
set(CPACK_COMPONENT_NODE_DESCRIPTION "First boot and state of an installed node")
set(CPACK_DEBIAN_NODE_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_NODE_PACKAGE_DEPENDS "bedplate (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_LAB_PACKAGE_NAME bedplate-lab)
set(CPACK_COMPONENT_LAB_DESCRIPTION "Clusters of virtual machines, installed from the image as servers are")
set(CPACK_DEBIAN_LAB_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LAB_PACKAGE_DEPENDS
    "bedplate (= ${PROJECT_VERSION}), libvirt-daemon-system, openvswitch-switch, openipmi, ovmf, openssh-client, iproute2, xorriso, mtools, dosfstools")
include(CPack)

# Each package by itself: who changes a profile waits for one of them.
set(stamps)
function(pack component)
    cmake_parse_arguments(PARSE_ARGV 1 pack "" "" "DEPENDS")
    set(stamp "${CMAKE_BINARY_DIR}/package-${component}.stamp")
    set(folder "${CMAKE_BINARY_DIR}/cpack/${component}")
    list(TRANSFORM pack_DEPENDS PREPEND "${CMAKE_SOURCE_DIR}/" REGEX "^[a-z]+/")
    add_custom_command(OUTPUT "${stamp}"
        COMMAND ${CMAKE_COMMAND} -E make_directory "${folder}"
        COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=1 "${CMAKE_CPACK_COMMAND}"
            --config "${CMAKE_BINARY_DIR}/CPackConfig.cmake" -D CPACK_COMPONENTS_ALL=${component} -B "${folder}"
            > "${folder}/cpack.log"
        COMMAND ${CMAKE_COMMAND} -DFROM=${folder} -DTO=${CMAKE_SOURCE_DIR}/out
            -P "${CMAKE_SOURCE_DIR}/cmake/CopyPackages.cmake"
        COMMAND ${CMAKE_COMMAND} -E touch "${stamp}"
        DEPENDS ${pack_DEPENDS}
        WORKING_DIRECTORY "${CMAKE_BINARY_DIR}"
        COMMENT "Packing the Debian package of the ${component}"
        VERBATIM)
    set(stamps ${stamps} "${stamp}" PARENT_SCOPE)
endfunction()
pack(operator DEPENDS bedplate ${profiles} ${schemas})
pack(installer DEPENDS bedplate-tui catalogues ${installer_units} installer/units/shell-motd)
pack(node DEPENDS bedplate-firstboot bedplate-accept bedplate-ceph bedplate-vm grafana ${node_units} ${dropins} ${dashboard}
    firstboot/dashboard/grafana.py firstboot/ceph_volume.py firstboot/devices.conf firstboot/journald.conf
    firstboot/logind.conf firstboot/resolved.conf firstboot/sysusers.conf firstboot/virtual_domain.sh)
# Not among those that the image waits for.
set(image_stamps ${stamps})
pack(lab DEPENDS bedplate-lab bedplate-pulse)
add_custom_target(packages DEPENDS ${image_stamps})
add_custom_target(package-lab ALL DEPENDS "${CMAKE_BINARY_DIR}/package-lab.stamp")
