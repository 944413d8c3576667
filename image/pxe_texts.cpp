// SPDX-License-Identifier: GPL-3.0-or-later
// What a boot server needs beside kernel and payload, written from one set of answers.
#include <format>

#include "base/text.hpp"
#include "image/pxe.hpp"

namespace bedplate::image {

namespace {

/// "http://192.0.2.1:8080/bedplate" -> "192.0.2.1:8080", "/bedplate".
std::pair<std::string, std::string> split_url(std::string_view url) {
    url.remove_prefix(std::min(url.size(), url.find("://") + 3));
    const auto slash = url.find('/');
    return {std::string(url.substr(0, slash)),
            slash == std::string_view::npos ? std::string() : std::string(url.substr(slash))};
}

std::string common_arguments(const PxeOptions& options, std::string_view base) {
    std::string text = std::format(
        "quiet loglevel=4 panic=30 lsm=lockdown,yama,integrity console=tty0 console={},115200n8 "
        "bedplate.payload={}",
        options.console, base);
    for (const auto& argument : options.kernel_arguments) {
        text += " " + argument;
    }
    return text;
}

/// Read by Debian's signed network GRUB, from where it was loaded itself.
std::string grub_cfg(const PxeOptions& options) {
    const auto [host, path] = options.base_url.empty()
                                  ? std::pair<std::string, std::string>{"$net_default_server", ""}
                                  : split_url(options.base_url);
    const std::string url = "http://" + host + path;
    return std::format(
        R"text(# Boot menu of machines that start over the network through the signed shim and GRUB of this directory.
if serial --unit=0 --speed=115200 --word=8 --parity=no --stop=1; then
    terminal_input --append serial_com0
    terminal_output --append serial_com0
fi
if serial --unit=1 --speed=115200 --word=8 --parity=no --stop=1; then
    terminal_input --append serial_com1
    terminal_output --append serial_com1
fi
set base="(http,{0}){1}"
set common="{2} BOOTIF=01-$net_default_mac"
export base
export common
set timeout=5
set default={3}
# A machine that holds a finished node of this generation (or of any, while nothing is installed unattended) starts
# it: a firmware that tries the network first must not install again and again. Raise the number here and in the
# site document to install such machines anew.
if search --no-floppy --set=node --file /bedplate/{4}; then
    set default=local
fi
export node

menuentry "Boot local disk" --id local {{
    if [ -n "$node" ]; then
        # The loader looks for its other half where root is, which so far is this server.
        set root=$node
        chainloader /EFI/BOOT/BOOTX64.EFI
        boot
    fi
    exit
}}
menuentry "Install unattended" --id unattended {{
    linux $base/boot/vmlinuz $common bedplate.mode=unattended bedplate.site={5}
    initrd $base/boot/installer.cpio.zst
}}
menuentry "Install (screen)" --id screen {{
    linux $base/boot/vmlinuz $common bedplate.mode=screen
    initrd $base/boot/installer.cpio.zst
}}
menuentry "Rescue shell" --id rescue {{
    linux $base/boot/vmlinuz $common bedplate.mode=rescue
    initrd $base/boot/installer.cpio.zst
}}
)text",
        host, path, common_arguments(options, url), options.unattended ? "unattended" : "local",
        options.unattended ? std::format("generation-{}", options.generation) : std::string("node.json"),
        url);
}

std::string ipxe_script(const PxeOptions& options) {
    const std::string base = options.base_url.empty() ? "http://${next-server}" : options.base_url;
    return std::format(
        R"text(#!ipxe
# For machines that start through iPXE. Nothing here is signed for Secure Boot; shimx64.efi is.
set base {0}
set args {1} BOOTIF=01-${{net0/mac:hexhyp}}
menu Bedplate
item auto       Boot local disk{2}
item unattended Install unattended
item screen     Install (screen)
item rescue     Rescue shell
choose --default auto --timeout 10000 choice && goto ${{choice}}
:auto
# A disk that starts is left alone.
iseq ${{platform}} efi && sanboot --no-describe --drive 0 --filename \EFI\debian\shimx64.efi ||
iseq ${{platform}} pcbios && sanboot --no-describe --drive 0x80 ||
{3}
:unattended
set more bedplate.mode=unattended bedplate.site=${{base}}
goto start
:screen
set more bedplate.mode=screen
goto start
:rescue
set more bedplate.mode=rescue
:start
kernel ${{base}}/boot/vmlinuz initrd=installer.cpio.zst ${{args}} ${{more}}
initrd ${{base}}/boot/installer.cpio.zst
boot
)text",
        base, common_arguments(options, "${base}"),
        options.unattended ? ", install where it does not start" : "",
        options.unattended ? "goto unattended" : "exit");
}

std::string dnsmasq_conf(const PxeOptions& options) {
    const std::string base = options.base_url.empty() ? "http://" + options.server_address : options.base_url;
    const std::string head = std::format(
        R"text(# dnsmasq for the installation network ({}). Start it by hand with:
#   dnsmasq --no-daemon --conf-file=dnsmasq.conf
# port=0: no name service of its own.
port=0
interface={}
bind-interfaces
log-dhcp
enable-tftp
tftp-root={}
dhcp-match=set:ipxe,175
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:efi64,option:client-arch,9
dhcp-match=set:efihttp,option:client-arch,16
)text",
        options.proxy_dhcp ? "proxy: another server gives the addresses" : "it gives the addresses too",
        options.interface, options.directory);
    if (options.proxy_dhcp) {
        return head + std::format(
                          R"text(dhcp-range={0},proxy
pxe-prompt="Bedplate",1
pxe-service=tag:!ipxe,x86PC,"Bedplate (iPXE)",undionly.kpxe
pxe-service=tag:!ipxe,X86-64_EFI,"Bedplate (signed GRUB)",shimx64.efi
pxe-service=tag:!ipxe,BC_EFI,"Bedplate (signed GRUB)",shimx64.efi
dhcp-boot=tag:ipxe,{1}/boot.ipxe
)text",
                          options.subnet, base);
    }
    return head + std::format(
                      R"text(dhcp-range={0},{1},1h
dhcp-boot=tag:bios,tag:!ipxe,undionly.kpxe
dhcp-boot=tag:efi64,tag:!ipxe,shimx64.efi
dhcp-boot=tag:ipxe,{2}/boot.ipxe
# UEFI HTTP boot: the firmware only takes offers that call themselves by this name.
dhcp-option-force=tag:efihttp,60,HTTPClient
dhcp-boot=tag:efihttp,tag:!ipxe,{2}/shimx64.efi
)text",
                      options.first_address, options.last_address, base);
}

std::string nginx_conf(const PxeOptions& options) {
    const auto [host, path] =
        split_url(options.base_url.empty() ? "http://" + options.server_address : options.base_url);
    const auto colon = host.rfind(':');
    const std::string port = colon == std::string::npos ? "80" : host.substr(colon + 1);
    return std::format(
        R"text(# nginx for this directory. Start it by hand with: nginx -p {0} -c nginx.conf
# The payload is fetched by ranges, which nginx answers by itself. A POST to {1}/node gets 404 or 405 here, and the
# installer then takes {1}/site.yaml; a server that chooses by machine answers it instead.
worker_processes auto;
pid nginx.pid;
daemon off;
error_log stderr;
events {{
    worker_connections 512;
}}
http {{
    access_log /dev/stdout;
    sendfile on;
    client_body_temp_path nginx-tmp;
    proxy_temp_path nginx-tmp;
    fastcgi_temp_path nginx-tmp;
    uwsgi_temp_path nginx-tmp;
    scgi_temp_path nginx-tmp;
    client_max_body_size 256k;
    types {{
        text/plain yaml cfg ipxe;
        application/json json;
    }}
    default_type application/octet-stream;
    server {{
        listen {2};
        location {1}/ {{
            {3} {0}{4};
        }}
    }}
}}
)text",
        options.directory, path, port, path.empty() ? "root" : "alias", path.empty() ? "" : "/");
}

}  // namespace

std::map<std::string, std::string> pxe_texts(const PxeOptions& options) {
    std::map<std::string, std::string> texts{{"grub/grub.cfg", grub_cfg(options)},
                                             {"boot.ipxe", ipxe_script(options)},
                                             {"dnsmasq.conf", dnsmasq_conf(options)},
                                             {"nginx.conf", nginx_conf(options)}};
    // An iPXE program that came by TFTP looks for this name beside itself.
    texts["autoexec.ipxe"] = texts["boot.ipxe"];
    if (!options.site.empty()) {
        texts["site.yaml"] = options.site;
    }
    return texts;
}

}  // namespace bedplate::image
