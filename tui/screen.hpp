// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tui/canvas.hpp"
#include "tui/key.hpp"
#include "tui/model.hpp"

namespace bedplate::tui {

/// The screens in the order in which one meets them.
enum class Step { welcome, profile, disks, network, node, review, progress, result };
inline constexpr int step_count = 8;
[[nodiscard]] std::string_view to_string(Step step);
[[nodiscard]] std::optional<Step> parse_step(std::string_view name);

/// What a key led to.
struct Transition {
    enum class Kind {
        ignored,  ///< the screen has no use for the key; the frame around it may have
        stay,
        next,
        back,
        go,       ///< to `step`
        request,  ///< ask the engine for `request`; what it answers comes to Screen::on_reply
        shell,
        language,
        quit,
    } kind = Kind::ignored;
    Step step = Step::welcome;
    Json request = {};

    static Transition of(Kind kind) { return {.kind = kind}; }
    static Transition ask(Json request) { return {.kind = Kind::request, .request = std::move(request)}; }
    static Transition to(Step step) { return {.kind = Kind::go, .step = step}; }
};

/// One screen: a state machine over the model. Draws into the area between the two lines of the frame.
class Screen {
public:
    explicit Screen(Model& model) : model_(model) {}
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    virtual ~Screen() = default;

    /// It is shown now (again): take what changed in the model.
    virtual void enter() {}
    /// The model changed while it is shown.
    virtual void refresh() {}
    virtual Transition handle(const Key& key) = 0;
    /// `top` is its first line, `bottom` the one after its last.
    virtual void draw(Canvas& canvas, int top, int bottom) const = 0;
    /// "Enter next   Space erase this disk": for the line at the bottom.
    [[nodiscard]] virtual std::string keys() const = 0;
    [[nodiscard]] virtual std::string title() const = 0;
    /// For '?': what this screen is for.
    [[nodiscard]] virtual std::string help() const = 0;
    /// Letters go into a field now.
    [[nodiscard]] virtual bool in_text(char32_t) const { return false; }
    virtual void on_reply(const Json& request, const Json& reply);
    /// Time passes.
    virtual void tick(std::chrono::milliseconds) {}
    /// What the last request led to, for the message line.
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] bool message_is_bad() const { return message_is_bad_; }

protected:
    void say(std::string text, bool bad = false) {
        message_ = std::move(text);
        message_is_bad_ = bad;
    }
    Model& model_;

private:
    std::string message_;
    bool message_is_bad_ = false;
};

[[nodiscard]] std::unique_ptr<Screen> welcome_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> profile_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> disks_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> network_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> node_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> review_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> progress_screen(Model& model);
[[nodiscard]] std::unique_ptr<Screen> result_screen(Model& model);

/// An error as a block of lines: what, where, why, what to do. Returns the line after it.
int draw_error(Canvas& canvas, int x, int y, int columns, int bottom, const Error& error);

}  // namespace bedplate::tui
