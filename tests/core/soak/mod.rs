//! Kills at random moments, and the reports afterwards. The world's files decide, not the reports.

mod judge;
mod kills;
mod scene;
mod stage;
mod strike;
mod tally;

use crate::support::draw;

/// A few kills on each backend. The moments differ from run to run, but the claims always hold.
#[test]
fn whatever_is_killed_what_it_made_is_in_a_state_or_named() {
    kills::many(draw::number("SEED", 1), 6, 0);
}

#[test]
#[ignore = "soak"]
fn whatever_is_killed_hundreds_of_times_what_it_made_is_in_a_state_or_named() {
    let kills = draw::number("KILLS", 200);
    let tally = kills::many(draw::number("SEED", draw::fresh_seed()), kills, kills / 10);
    tally.assert_each_phase(kills / 10);
}
