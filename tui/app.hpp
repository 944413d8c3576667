// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tui/screen.hpp"

namespace bedplate::tui {

/// The whole user interface without a terminal and without a socket: keys and messages in, a canvas and
/// requests out.
class App {
public:
    struct Options {
        std::string terminal = "screen";  ///< "tty1": how other screens call this one
        std::filesystem::path catalogues = "/usr/share/bedplate/locale";
        bool many_glyphs = true;  ///< the terminal can show Chinese (a Linux console cannot)
    };
    using Send = std::function<void(const Json&)>;

    App(Options options, Send send);

    void handle(const Key& key);
    void on_message(const Json& message);
    void on_connected();
    void on_disconnected();
    /// `now` is any clock that never goes back. Returns whether something on the screen changed by that.
    bool tick(std::chrono::milliseconds now);
    void draw(Canvas& canvas) const;

    /// The person wants to leave.
    [[nodiscard]] bool finished() const { return finished_; }
    /// The person wants a shell; the caller runs one and calls this again.
    [[nodiscard]] bool take_shell_wish() { return std::exchange(shell_, false); }
    [[nodiscard]] bool take_redraw_wish() { return std::exchange(redraw_, false); }
    [[nodiscard]] Step step() const { return step_; }
    [[nodiscard]] Model& model() { return model_; }

    static constexpr int smallest_width = 80, smallest_height = 24;

private:
    struct Dialog {
        std::string title, text, keys;
        std::function<void()> yes;  ///< empty: any key closes it
    };

    [[nodiscard]] Screen& screen() { return *screens_.at(static_cast<std::size_t>(step_)); }
    [[nodiscard]] const Screen& screen() const { return *screens_.at(static_cast<std::size_t>(step_)); }
    void make_screens();
    void go(Step step);
    void follow_engine();
    bool handle_frame(const Key& key);
    void perform(const Transition& transition);
    void send(Json request);
    void send_draft();
    void look_again();
    void change_language();
    void ask_to_quit();
    void draw_frame(Canvas& canvas) const;
    void draw_dialog(Canvas& canvas) const;
    void draw_watching(Canvas& canvas, int top, int bottom) const;
    [[nodiscard]] bool watching() const;

    Options options_;
    Send send_;
    Model model_;
    std::array<std::unique_ptr<Screen>, step_count> screens_;
    Step step_ = Step::welcome;
    std::optional<Dialog> dialog_;
    std::map<std::uint64_t, Json> pending_;
    std::uint64_t last_request_ = 0;
    std::string sent_draft_;
    bool finished_ = false, shell_ = false, redraw_ = false;
    std::chrono::milliseconds now_{}, second_{};
};

}  // namespace bedplate::tui
