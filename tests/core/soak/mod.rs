//! Kills at random moments, and the reports afterwards. The world's files decide, not the reports.

mod judge;
mod kills;
mod scene;
mod stage;
mod strike;
mod tally;

use crate::support::draw;

/// One kill on each backend. The moments differ from run to run, but the claims always hold.
#[test]
fn after_any_kill_every_resource_is_in_a_state_or_named() {
    kills::many(draw::number("SEED", 1), 3, 0);
}

#[test]
#[ignore = "soak"]
fn after_hundreds_of_kills_every_resource_is_in_a_state_or_named() {
    let kills = draw::number("KILLS", 200);
    let tally = kills::many(draw::number("SEED", draw::fresh_seed()), kills, kills / 10);
    tally.assert_each_phase(kills / 10);
}
