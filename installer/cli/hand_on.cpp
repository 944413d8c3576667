// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/hand_on.hpp"

#include <unistd.h>

#include <cerrno>

#include "platform/descriptor.hpp"

namespace bedplate::cli {

Result<int> hand_on(const std::filesystem::path& program, std::vector<std::string> arguments,
                    std::string code) {
    arguments.insert(arguments.begin(), program.string());
    std::vector<char*> words;
    for (auto& word : arguments) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    ::execv(words.front(), words.data());
    return fail_errno(std::move(code), "start", program, errno);
}

}  // namespace bedplate::cli
