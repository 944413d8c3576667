// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/redfish.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"
#include "tests/support/redfish_stub.hpp"

using namespace bedplate;
using fakes::FakePlatform;
using fakes::RedfishStub;

namespace {

const std::string iso = "http://192.0.2.1/bedplate.iso";

struct BmcBench {
    FakePlatform fake;
    bool from_virtual_cd = false, ejected_while_on = false;
    std::vector<std::string> notes;
    RedfishStub stub;

    explicit BmcBench(RedfishStub::Quirks quirks, bool finishes = true)
        : stub(quirks, {.power_on =
                            [this, finishes](bool virtual_cd) {
                                from_virtual_cd = virtual_cd;
                                running = !finishes || !virtual_cd;
                            },
                        .power_off = [this] { running = false; },
                        .is_on = {},
                        .insert = [](const std::string& url) { return url.starts_with("http://192.0.2.1/"); },
                        .eject = [this] { ejected_while_on = stub.on() && !finished(); }}) {
        fake.http.on("*", [this](const HttpRequest& request) {
            auto answer = stub.answer(request);
            // The installer switches the machine off some looks after it was started.
            if (from_virtual_cd && !running && ++looks == 12) {
                stub.switched_off();
            }
            return answer;
        });
    }
    [[nodiscard]] bool finished() const { return looks >= 12; }
    Result<RedfishMachine> connect(const std::string& password = "calvin") {
        return RedfishMachine::connect(fake.platform,
                                       {.url = "https://bmc/", .user = "root", .password = Secret(password)},
                                       [this](const std::string& text) { notes.push_back(text); });
    }
    Result<void> boot(BmcBootOptions options = {.iso = iso}) {
        BEDPLATE_ASSIGN(auto machine, connect());
        return machine.boot(options);
    }

    bool running = true;
    unsigned looks = 0;
};

}  // namespace

TEST_CASE("a machine is started once from its virtual CD, followed, and the image ejected after it is off") {
    for (const auto& quirks :
         {RedfishStub::Quirks{}, RedfishStub::Quirks{.old_idrac = true},
          RedfishStub::Quirks{.media_on_system = true}, RedfishStub::Quirks{.dell = false},
          RedfishStub::Quirks{.busy = 3}, RedfishStub::Quirks{.slow_power = 4}}) {
        BmcBench bench(quirks);
        const auto done = bench.boot();
        INFO((done ? "" : done.error().to_text()));
        REQUIRE(done);
        CHECK(bench.from_virtual_cd);
        CHECK(bench.stub.image().empty());
        CHECK(!bench.ejected_while_on);
    }
}

TEST_CASE("the service tag is shown, not the board's number") {
    BmcBench bench({});
    CHECK(bench.connect()->description() == "Dell Inc. PowerEdge R750, serial BPVM001");
}

TEST_CASE("wrong credentials are tried once") {
    BmcBench bench({});
    const auto machine = bench.connect("wrong");
    REQUIRE(!machine);
    CHECK(machine.error().code == "bmc.auth");
    CHECK(bench.fake.http.requests().size() == 1);
    CHECK(!machine.error().to_text().contains("wrong"));
}

TEST_CASE("an answer that gets lost on the way is made up for by looking") {
    BmcBench bench({.lost_answers = 1});
    CHECK(bench.boot());
    CHECK(bench.from_virtual_cd);
}

TEST_CASE("a BMC without a slot for CDs is an error that lists what there is") {
    BmcBench bench({.no_cd_slot = true});
    const auto done = bench.boot();
    REQUIRE(!done);
    CHECK(done.error().code == "bmc.no-slot");
    CHECK(done.error().hint.contains("CD"));
    CHECK(bench.stub.on());  // it was not even switched off
}

TEST_CASE("somebody else's medium is only taken out if asked for") {
    BmcBench bench({});
    bench.stub.set_image("http://192.0.2.1/other.iso");
    const auto done = bench.boot();
    REQUIRE(!done);
    CHECK(done.error().code == "bmc.medium-inserted");
    CHECK(bench.stub.changes().empty());
    CHECK(bench.boot({.iso = iso, .replace = true}));
}

TEST_CASE("an image that the BMC cannot fetch is an error in the BMC's words") {
    BmcBench bench({});
    const auto done = bench.boot({.iso = "http://198.51.100.1/x.iso"});
    REQUIRE(!done);
    CHECK(done.error().code == "bmc.insert");
    CHECK(done.error().message.contains("unable to locate"));
}

TEST_CASE("a machine that does not switch itself off keeps its medium") {
    BmcBench bench({}, false);
    const auto done = bench.boot({.iso = iso, .follow = std::chrono::minutes{1}});
    REQUIRE(!done);
    CHECK(done.error().code == "bmc.follow");
    CHECK(bench.stub.image() == iso);
    const auto ejected = bench.connect()->eject("");
    REQUIRE(!ejected);
    CHECK(ejected.error().code == "bmc.powered-on");
}
