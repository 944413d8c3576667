// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/payload_source.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

class PayloadFile : public PayloadSource {
public:
    PayloadFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
    ~PayloadFile() override { ::close(descriptor_); }

    Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override {
        std::vector<std::byte> bytes(size.value);
        std::size_t have = 0;
        while (have < bytes.size()) {
            const ssize_t got = ::pread(descriptor_, bytes.data() + have, bytes.size() - have,
                                        static_cast<off_t>(offset.value + have));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                const int error = errno;
                return fail("payload.read",
                            std::format("cannot read {} bytes at offset {}: {}", size.value, offset.value,
                                        std::strerror(error)),
                            name_, "the medium may have been removed or be damaged");
            }
            if (got == 0) {
                break;  // the caller sees from the size that the file is too short
            }
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }
    std::string name() const override { return name_; }

private:
    int descriptor_;
    std::string name_;
};

}  // namespace

Result<std::unique_ptr<PayloadSource>> open_payload_file(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        const int error = errno;
        return fail("payload.read", std::format("cannot open the payload: {}", std::strerror(error)),
                    path.string());
    }
    return std::make_unique<PayloadFile>(descriptor, path.string());
}

Result<std::unique_ptr<MemoryPayload>> MemoryPayload::make(Bytes size, std::string name) {
    const std::size_t length = std::max<std::size_t>(1, size.value);
    void* const memory =
        ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return fail("payload.memory", std::format("there is no memory for {}", to_binary_text(size)), name);
    }
    static_cast<void>(::madvise(memory, length, MADV_HUGEPAGE));  // only advice
    return std::unique_ptr<MemoryPayload>(
        new MemoryPayload(static_cast<std::byte*>(memory), length, std::move(name)));
}

MemoryPayload::~MemoryPayload() {
    ::munmap(memory_, size_);
}

void MemoryPayload::put(Bytes offset, std::span<const std::byte> bytes) {
    if (offset.value <= size_ && bytes.size() <= size_ - offset.value) {
        std::memcpy(memory_ + offset.value, bytes.data(), bytes.size());
    }
}

Result<std::vector<std::byte>> MemoryPayload::read(Bytes offset, Bytes size) {
    if (offset.value > size_) {
        return std::vector<std::byte>();
    }
    const std::size_t length = std::min<std::size_t>(size.value, size_ - offset.value);
    return std::vector<std::byte>(memory_ + offset.value, memory_ + offset.value + length);
}

Bytes parse_available_memory(std::string_view meminfo) {
    constexpr std::string_view label = "MemAvailable:";
    const std::size_t at = meminfo.find(label);
    if (at == std::string_view::npos) {
        return {};
    }
    std::string_view rest = meminfo.substr(at + label.size());
    rest = trim(rest.substr(0, rest.find('\n')));
    return kib(parse_unsigned(trim(rest.substr(0, rest.find(' ')))).value_or(0));
}

bool payload_fits_in_memory(Bytes payload, Bytes available) {
    // 700 MiB: dirty pages of the tree being written, the tools, the decoding buffers.
    return available >= payload + mib(700);
}

std::size_t buffers_for(Bytes chunk, Bytes available) {
    constexpr std::uint64_t least = 3;
    constexpr std::uint64_t most = 32;
    const std::uint64_t affordable = available.value / 8 / std::max<std::uint64_t>(1, chunk.value);
    return static_cast<std::size_t>(std::clamp(affordable, least, most));
}

}  // namespace bedplate
