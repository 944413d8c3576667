// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "base/result.hpp"

namespace bedplate::vm {

/// The value of a Result; the test ends here with the error's text where there is none.
template <typename T>
T must(Result<T> result) {
    if (!result) {
        FAIL(result.error().to_text());
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    } else {
        SUCCEED();
    }
}

}  // namespace bedplate::vm
