// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/app.hpp"

#include <algorithm>
#include <format>

#include "tui/language.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

using Kind = Transition::Kind;
using Phase = Model::Phase;

App::App(Options options, Send send) : options_(std::move(options)), send_(std::move(send)) {
    make_screens();
}

void App::make_screens() {
    screens_ = {welcome_screen(model_),  profile_screen(model_), disks_screen(model_),
                network_screen(model_),  node_screen(model_),    review_screen(model_),
                progress_screen(model_), result_screen(model_)};
}

bool App::watching() const {
    return model_.phase != Phase::connecting && !model_.in_control;
}

// The engine
// -------------------------------------------------------------------------------------------------

void App::on_connected() {
    pending_.clear();
    sent_draft_.clear();
    send({{"do", "hello"}, {"terminal", options_.terminal}});
}

void App::on_disconnected() {
    model_.lost_engine();
}

void App::send(Json request) {
    request["id"] = ++last_request_;
    pending_[last_request_] = request;
    send_(request);
}

void App::on_message(const Json& message) {
    if (message.is_object() && message.value("type", "") == "reply") {
        const auto id = message.contains("id") && message.at("id").is_number_unsigned()
                            ? message.at("id").get<std::uint64_t>()
                            : 0;
        if (const auto found = pending_.find(id); found != pending_.end()) {
            const Json request = found->second;
            pending_.erase(found);
            screen().on_reply(request, message);
            screen().refresh();
        }
        return;
    }
    const bool was_in_control = model_.in_control;
    const bool machine_was_known = model_.inventory.has_value();
    (void)model_.take(message);  // what is strange is left out; the next message may be better
    if (model_.event_arrived) {
        model_.event_arrived = false;
        model_.last_event = now_;
    }
    if (!was_in_control && model_.in_control && !model_.step.empty()) {
        // Taken over, or attached again: go on where the other screen was.
        make_screens();
        go(parse_step(model_.step).value_or(Step::welcome));
    }
    follow_engine();
    if (!machine_was_known && model_.inventory) {
        screen().enter();
    } else {
        screen().refresh();
    }
}

/// What the engine does decides between the screens before, while and after.
void App::follow_engine() {
    if (model_.phase == Phase::installing && step_ != Step::progress) {
        go(Step::progress);
    } else if ((model_.phase == Phase::done || model_.phase == Phase::failed) && step_ != Step::result) {
        go(Step::result);
    } else if ((model_.phase == Phase::ready || model_.phase == Phase::looking) &&
               (step_ == Step::progress || step_ == Step::result)) {
        go(Step::review);
    }
}

void App::send_draft() {
    const auto draft = model_.document() + std::string(to_string(step_));
    if (model_.in_control && model_.inventory && draft != sent_draft_ && step_ < Step::progress) {
        sent_draft_ = draft;
        send({{"do", "draft"}, {"site", model_.document()}, {"step", to_string(step_)}});
    }
}

// Keys
// -------------------------------------------------------------------------------------------------------

void App::handle(const Key& key) {
    if (dialog_) {
        const auto yes = dialog_->yes;
        if (!yes || key.code != Key::Code::other) {
            const bool agreed = yes && (key.is(U'y') || key.is(U'Y'));
            dialog_.reset();
            if (agreed) {
                yes();
            }
        }
        return;
    }
    if (handle_frame(key) || model_.phase == Phase::connecting) {
        return;  // what nobody can see yet takes no keys: the engine's state would undo them
    }
    if (watching()) {
        if (key.is(U't') || key.is(U'T') || (key.code == Key::Code::enter && model_.controller.empty())) {
            send({{"do", "take-over"}});
        }
        return;
    }
    const auto transition = screen().handle(key);
    if (transition.kind != Kind::ignored) {
        perform(transition);
    } else if (key.is(U'b') || key.code == Key::Code::backspace || key.code == Key::Code::left) {
        perform(Transition::of(Kind::back));
    } else if (key.is(U'q')) {
        ask_to_quit();
    } else if (key.is(U'r')) {
        look_again();
    } else if (key.is(U'!')) {
        shell_ = true;
    }
}

/// Keys that mean the same everywhere.
bool App::handle_frame(const Key& key) {
    if (key.code == Key::Code::help || (key.is(U'?') && !screen().in_text(U'?'))) {
        dialog_ = {.title = tr("Help") + ": " + screen().title(),
                   .text = screen().help() + "\n\n" +
                           tr("Ctrl-B back   Ctrl-R look at the hardware again   Ctrl-Z shell") + "\n" +
                           tr("Ctrl-L draw again   Ctrl-C leave   Tab and arrows move") + "\n" +
                           tr("On a button also: b back, r look again, ! shell, q leave"),
                   .keys = tr("any key closes this"),
                   .yes = {}};
        return true;
    }
    if (key.is_ctrl('l')) {
        redraw_ = true;
        return true;
    }
    if (key.is_ctrl('z')) {
        shell_ = true;
        return true;
    }
    if (key.is_ctrl('c')) {
        ask_to_quit();
        return true;
    }
    if (watching() || model_.phase == Phase::connecting) {
        return false;
    }
    if (key.is_ctrl('r')) {
        look_again();
        return true;
    }
    if (key.is_ctrl('b')) {
        const auto transition = screen().handle(key);
        perform(transition.kind == Kind::ignored ? Transition::of(Kind::back) : transition);
        return true;
    }
    return false;
}

void App::look_again() {
    if (model_.phase == Phase::ready) {
        send({{"do", "look"}});
    }
}

void App::ask_to_quit() {
    dialog_ = {.title = tr("Leave this screen?"),
               .text = tr("The engine goes on, and what you typed is kept: a new screen takes it up."),
               .keys = tr("y leave   any other key stays"),
               .yes = [this] { finished_ = true; }};
}

void App::change_language() {
    const auto& all = languages();
    const auto now = std::ranges::find(all, current_language(), &Language::code);
    const auto next = now == all.end() || now + 1 == all.end() ? all.begin() : now + 1;
    if (next->code != "en" && !options_.many_glyphs) {
        dialog_ = {.title = "Language",
                   .text =
                       "This terminal has no characters for other languages: use a serial console or SSH "
                       "with UTF-8.",
                   .keys = "any key closes this",
                   .yes = {}};
        return;
    }
    if (const auto chosen = choose_language(next->code, options_.catalogues); !chosen) {
        dialog_ = {
            .title = "Language", .text = chosen.error().to_text(), .keys = "any key closes this", .yes = {}};
        return;
    }
    make_screens();
    screen().enter();
}

void App::go(Step step) {
    step_ = step;
    screen().enter();
    screen().tick(now_);
    send_draft();
}

void App::perform(const Transition& transition) {
    switch (transition.kind) {
        case Kind::next:
            go(static_cast<Step>(std::min(static_cast<int>(step_) + 1, static_cast<int>(Step::review))));
            break;
        case Kind::back:
            if (step_ > Step::welcome && step_ <= Step::review) {
                go(static_cast<Step>(static_cast<int>(step_) - 1));
            }
            break;
        case Kind::go:
            go(transition.step);
            break;
        case Kind::request:
            send_draft();
            send(transition.request);
            break;
        case Kind::shell:
            shell_ = true;
            break;
        case Kind::language:
            change_language();
            break;
        case Kind::quit:
            ask_to_quit();
            break;
        case Kind::ignored:
        case Kind::stay:
            break;
    }
}

bool App::tick(std::chrono::milliseconds now) {
    now_ = now;
    screen().tick(now);
    const bool second = now - second_ >= std::chrono::seconds{1};
    if (second) {
        second_ = now;
        send_draft();
    }
    return second && step_ == Step::progress;
}

// Drawing
// ----------------------------------------------------------------------------------------------------

void App::draw(Canvas& canvas) const {
    if (canvas.width() < smallest_width || canvas.height() < smallest_height) {
        canvas.put(0, 0, std::format("80x24 needed, this is {}x{}", canvas.width(), canvas.height()));
        canvas.put(0, 1, tr("Make the window larger."));
        return;
    }
    draw_frame(canvas);
    const int top = 1;
    const int bottom = canvas.height() - 2;
    if (model_.phase == Phase::connecting) {
        canvas.put(2, top + 1, tr("Waiting for the engine ..."), Style::strong);
        canvas.put(2, top + 3, tr("Ctrl-Z shell: 'systemctl status bedplate-engine' says more"),
                   Style::faint);
    } else if (watching()) {
        draw_watching(canvas, top, bottom);
    } else {
        screen().draw(canvas, top, bottom);
    }
    if (dialog_) {
        draw_dialog(canvas);
    }
}

void App::draw_frame(Canvas& canvas) const {
    const int width = canvas.width();
    canvas.fill(0, 0, width, Style::title);
    const auto number = static_cast<int>(step_) + 1;
    canvas.put(1, 0,
               std::string("Bedplate ") + BEDPLATE_VERSION + "   " +
                   (watching() ? tr("Watching") : screen().title()),
               Style::title, width - 30);
    std::string right;
    if (model_.inventory && model_.phase != Phase::connecting) {
        right = model_.inventory->system.serial + "  ";
    }
    right += std::format("{}/{} ", number, step_count);
    canvas.put(width - width_of(right), 0, right, Style::title);

    const int y = canvas.height() - 2;
    if (model_.phase == Phase::looking && !watching()) {
        canvas.put(1, y, tr("... the engine is at work"), Style::faint, width - 2);
    } else if (!watching() && !screen().message().empty()) {
        canvas.put(1, y, (screen().message_is_bad() ? "! " : "") + screen().message(),
                   screen().message_is_bad() ? Style::danger : Style::good, width - 2);
    }
    canvas.fill(0, y + 1, width, Style::keys);
    const std::string help = "   " + tr("? help");
    const std::string keys = watching()                          ? tr("t take over")
                             : model_.phase == Phase::connecting ? ""
                                                                 : screen().keys();
    canvas.put(1, y + 1, keys, Style::keys, width - 2 - width_of(help));
    canvas.put(width - 1 - width_of(help), y + 1, help, Style::keys);
}

void App::draw_watching(Canvas& canvas, int top, int bottom) const {
    const int columns = canvas.width() - 4;
    int y = top + 1;
    if (model_.controller.empty()) {
        canvas.put(2, y++, tr("Nobody is in control. Enter takes over."), Style::strong, columns);
    } else {
        canvas.put(2, y++, fill(tr("The screen on {} is in control; this one watches."), {model_.controller}),
                   Style::strong, columns);
        canvas.put(2, y++, tr("t takes over; the other one then watches."), Style::normal, columns);
    }
    if (model_.phase == Phase::installing || model_.phase == Phase::done || model_.phase == Phase::failed) {
        screen().draw(canvas, y + 1, bottom);
    } else {
        canvas.put(2, y + 1, tr("It is at: ") + model_.step, Style::faint, columns);
    }
}

void App::draw_dialog(Canvas& canvas) const {
    const int columns = std::min(canvas.width() - 8, 72);
    const auto lines = wrap(dialog_->text, columns - 6);
    const int rows = static_cast<int>(lines.size()) + 6;
    const int x = (canvas.width() - columns) / 2;
    const int y = std::max((canvas.height() - rows) / 2, 1);
    canvas.cursor.reset();
    canvas.frame(x, y, columns, rows, dialog_->title);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        canvas.put(x + 3, y + 2 + static_cast<int>(i), lines[i], Style::normal, columns - 6);
    }
    canvas.put(x + 3, y + rows - 2, dialog_->keys, Style::strong, columns - 6);
}

}  // namespace bedplate::tui
