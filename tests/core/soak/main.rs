//! Kills at drawn moments, and what is known afterwards. The world's files decide, not our reports.

#[path = "../support/draw.rs"]
mod draw;
mod judge;
#[path = "../support/killed.rs"]
mod killed;
mod kills;
#[path = "../support/moto.rs"]
mod moto;
#[path = "../support/postgres.rs"]
mod postgres;
mod scene;
mod stage;
mod strike;
#[path = "../support/mod.rs"]
mod support;
mod tally;
#[path = "../support/world.rs"]
mod world;

#[test]
#[ignore = "the other half of the tests below"]
fn an_eos_that_will_be_killed() {
    killed::orchestrate_as_told();
}

/// A few kills on each backend: the moments differ from run to run, what must hold does not.
#[test]
fn whatever_is_killed_what_it_made_is_in_a_state_or_named() {
    kills::many(draw::number("SEED", 1), 12, 0);
}

#[test]
#[ignore = "soak"]
fn whatever_is_killed_hundreds_of_times_what_it_made_is_in_a_state_or_named() {
    let kills = draw::number("KILLS", 200);
    let tally = kills::many(draw::number("SEED", draw::fresh_seed()), kills, kills / 10);
    tally.assert_each_phase(kills / 10);
}
