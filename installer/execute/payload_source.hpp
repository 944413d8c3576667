// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "execute/execute.hpp"

namespace bedplate {

/// A payload in anonymous memory: the medium is read once, verified, and may then go away.
class MemoryPayload : public PayloadSource {
public:
    /// Room for `size` bytes. Errors: payload.memory.
    [[nodiscard]] static Result<std::unique_ptr<MemoryPayload>> make(Bytes size, std::string name);
    ~MemoryPayload() override;

    /// Thread-safe for ranges that do not overlap.
    void put(Bytes offset, std::span<const std::byte> bytes);
    [[nodiscard]] Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override;
    [[nodiscard]] std::string name() const override { return name_; }

private:
    MemoryPayload(std::byte* memory, std::size_t size, std::string name)
        : memory_(memory), size_(size), name_(std::move(name)) {}
    std::byte* memory_;
    std::size_t size_;
    std::string name_;
};

/// MemAvailable of /proc/meminfo's text; 0 where the line is missing.
[[nodiscard]] Bytes parse_available_memory(std::string_view meminfo);

/// Whether a payload of this size may be kept in memory beside everything else that the installation needs.
[[nodiscard]] bool payload_fits_in_memory(Bytes payload, Bytes available);

/// How many decoded chunks of `chunk` bytes may exist at once with so much memory available (3..32).
[[nodiscard]] std::size_t buffers_for(Bytes chunk, Bytes available);

}  // namespace bedplate
