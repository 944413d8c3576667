// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/temp_dir.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bedplate::fakes {

TempDir::TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "bedplate-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder like " + name);
    }
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;  // a left-over folder must not hide the test's own result
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace bedplate::fakes
