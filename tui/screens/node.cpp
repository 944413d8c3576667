// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "tui/language.hpp"
#include "tui/password.hpp"
#include "tui/screens/form_screen.hpp"

namespace bedplate::tui {

namespace {

/// Who this node is, and whether it begins a cluster or joins one.
class Node : public FormScreen {
public:
    using FormScreen::FormScreen;

    void enter() override {
        build();
        auto* choice = form_.find("cluster");
        choice->choice = model_.get(model_.node("cluster")) == "join" ? 1 : 0;
        form_.find("ticket")->field.set(model_.ticket.reveal());
        if (auto* passphrase = form_.find("passphrase")) {
            passphrase->field.set(model_.disk_passphrase.reveal());
            form_.find("passphrase-again")->field.set(model_.disk_passphrase.reveal());
        }
        FormScreen::enter();
    }

    [[nodiscard]] std::string keys() const override {
        return tr("Enter next") + "   " + tr("Tab field") + "   " + tr("Space choose") + "   " +
               tr("Ctrl-B back");
    }
    [[nodiscard]] std::string title() const override { return tr("Node and cluster"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "The first node creates the cluster; every other one joins with a ticket, made on a node that "
            "is in it: bedplate ticket create. Type it, paste it, or put the file on a USB stick "
            "(its name ends in .ticket). Passwords are stored as a hash only. A disk passphrase opens an "
            "encrypted system at every start and is stored nowhere: lost is lost.");
    }

protected:
    void edited(Form::Item& item) override {
        if (item.id == "cluster") {
            model_.set(model_.node("cluster"), item.choices[item.choice].first);
        } else if (item.id == "ticket") {
            model_.use_ticket(item.field.text());
            refresh();
            form_.find("ticket")->field.set(item.field.text());
        } else if (item.id == "passphrase") {
            model_.disk_passphrase = Secret(item.field.text());
        } else if (item.id != "password" && item.id != "again" && item.id != "passphrase-again") {
            FormScreen::edited(item);
        }
    }

    /// Making the hash takes a moment on purpose: once, when the screen is left.
    void leaving() override {
        const auto typed = form_.find("password")->field.text();
        if (!typed.empty()) {
            model_.set("access.root_password_hash", hash_password(Secret(typed)).reveal());
        }
        form_.find("password")->field.set("");
        form_.find("again")->field.set("");
    }

    Transition pressed(const std::string& button) override {
        if (button == "stick") {
            say(tr("Reading the USB stick ..."));
            return Transition::ask({{"do", "stick"}, {"glob", "*.ticket"}});
        }
        return FormScreen::pressed(button);
    }

    void on_reply(const Json& request, const Json& reply) override {
        Screen::on_reply(request, reply);
        if (!reply.contains("files")) {
            return;
        }
        const auto& files = reply.at("files");
        if (files.size() != 1) {
            say(files.empty() ? tr("There is no file on the stick whose name ends in .ticket.")
                              : tr("There are several tickets on the stick; leave one."),
                true);
            return;
        }
        model_.use_ticket(files.front().value("text", ""));
        model_.set(model_.node("cluster"), "join");
        say(tr("Read from the stick: ") + files.front().value("name", ""));
        enter();
    }

    [[nodiscard]] std::optional<Error> own_fault(const std::string& id) const override {
        if ((id == "again" && typed("password") != typed("again")) ||
            (id == "passphrase-again" && typed("passphrase") != typed("passphrase-again"))) {
            return refuse("password.differs", tr("the two differ")).error();
        }
        if (id == "passphrase") {
            return model_.passphrase_fault();
        }
        return id == "ticket" ? model_.ticket_fault() : std::nullopt;
    }

    [[nodiscard]] std::string note(const std::string& id) const override {
        if (id == model_.address_path()) {
            const auto subnet = Cidr::parse(model_.get("networks.management.subnet"));
            const auto part = parse_unsigned(model_.get(id));
            const auto address = subnet && part ? subnet->host(*part) : Result<Ipv4>(fail("", ""));
            return address ? address->to_text() : tr("the last part of the address");
        }
        if (id == "ticket" && model_.ticket.empty() && model_.at_hand.join_ticket) {
            return tr("ok: came with the medium");
        }
        if (id == "passphrase" && model_.disk_passphrase.empty() && model_.at_hand.disk_passphrase) {
            return tr("ok: came with the medium");
        }
        if (id == "ticket") {
            return model_.ticket.empty() || model_.ticket_fault() ? "" : tr("ok: a good ticket");
        }
        if (id == "password") {
            return model_.get("access.root_password_hash").empty() ? tr("empty: no password login")
                                                                   : tr("set");
        }
        return id == "access.ssh_authorized_keys[0]" ? tr("a line of a .pub file") : "";
    }

private:
    [[nodiscard]] std::string typed(std::string_view name) const {
        const auto item = std::ranges::find(form_.items(), name, &Form::Item::id);
        return item == form_.items().end() ? std::string() : item->field.text();
    }

    /// Once, and again when another profile wants a passphrase or none.
    void build() {
        if (!form_.items().empty() && with_passphrase_ == model_.wants_passphrase()) {
            return;
        }
        with_passphrase_ = model_.wants_passphrase();
        form_ = Form();
        form_.add_choice("cluster", tr("This node"),
                         {{"create", tr("creates the cluster")}, {"join", tr("joins")}});
        form_.add_field("ticket", tr("Ticket (to join)"), TextField(TextField::Kind::secret, 16384));
        document_field("cluster.name", tr("Cluster name"), TextField::Kind::text, 63);
        document_field("cluster.domain", tr("Domain"), TextField::Kind::text, 253);
        document_field("cluster.timezone", tr("Time zone"), TextField::Kind::text, 64);
        document_field(model_.node("hostname"), tr("Host name"), TextField::Kind::text, 63);
        document_field(model_.address_path(), tr("Address part"), TextField::Kind::digits, 10);
        document_field("access.ssh_authorized_keys[0]", tr("SSH key of root"), TextField::Kind::text, 8192);
        form_.add_field("password", tr("Password of root"), TextField(TextField::Kind::secret, 200));
        form_.add_field("again", tr("  once more"), TextField(TextField::Kind::secret, 200));
        if (with_passphrase_) {
            form_.add_field("passphrase", tr("Disk passphrase"), TextField(TextField::Kind::secret, 512));
            form_.add_field("passphrase-again", tr("  once more"), TextField(TextField::Kind::secret, 512));
        }
        form_.add_button("next", tr("Next"));
        form_.add_button("stick", tr("Ticket from a USB stick"));
        form_.add_button("back", tr("Back"));
    }

    bool with_passphrase_ = false;
};

}  // namespace

std::unique_ptr<Screen> node_screen(Model& model) {
    return std::make_unique<Node>(model);
}

}  // namespace bedplate::tui
