//! Many processes and one lock. In some tests the lock is taken away from its holder.

mod losses;
mod runs;
mod turns;
mod verdict;

use losses::{Loss, Wanted};
use turns::Table;

use crate::support::draw::{self, Draw};
use crate::support::server::Server;

const PROCESSES: usize = 8;

#[test]
#[ignore = "the other half of the tests below"]
fn a_process_that_takes_turns() {
    turns::take_as_told();
}

/// Two processes never have the lock at the same time, and no turn is lost.
fn undisturbed(what: &str, table: &Table, rounds: u64) {
    table.start(PROCESSES, rounds).into_iter().for_each(|mut process| {
        assert!(process.wait().unwrap().success());
    });
    let story = table.story();
    let total = PROCESSES as u64 * rounds;
    let handover = verdict::alone(&story, total);
    assert_eq!(table.record(), total);
    eprintln!("{what}: {PROCESSES} processes, {rounds} rounds each, {total} turns, none together, none lost");
    eprintln!("  from the end of one to the start of the next: {handover}");
}

fn by_file(rounds: u64) {
    undisturbed("file lock", &Table::new(None), rounds);
}

fn by_consul(rounds: u64) {
    let Some(consul) = Server::consul() else { return };
    undisturbed("Consul lock", &Table::new(Some(consul.port)), rounds);
}

/// Two processes never write the same record, and no turn is lost: a process that lost the lock repeats its turn. Each
/// process takes `rounds` turns, and more until every wanted loss has taken place.
fn disturbed(rounds: u64, wanted: Wanted, seed: u64) {
    eprintln!("SEED={seed}");
    let Some(mut consul) = Server::consul_on_disk() else { return };
    let table = Table::new(Some(consul.port));
    table.go_on();
    let mut processes = table.start(PROCESSES, rounds);
    let losses = losses::bring_about(&mut consul, &processes, wanted, Draw::new(seed, 0));
    table.enough();
    processes.iter_mut().for_each(|process| assert!(process.wait().unwrap().success()));
    let story = table.story();
    let verdict = verdict::in_turn(&story);
    let last = table.record();
    assert_eq!(last, verdict.last, "the record is what the last of them wrote");
    let slowest = verdict::refused_after(&story, &losses);
    eprintln!(
        "Consul lock, taken away: {PROCESSES} processes, {} turns; {}",
        verdict::turns(&story),
        losses::count(&losses)
    );
    eprintln!("  every turn was written once, in one order; tried again after: {:?}", verdict.refusals);
    eprintln!("  from going on after a stop to knowing of the loss: at most {slowest:?}");
    for loss in Loss::ALL {
        let there = losses.iter().filter(|one| one.loss == loss).count() as u64;
        assert_eq!(there, wanted.of(loss), "{loss:?}: {}", losses::count(&losses));
    }
}

#[test]
fn eight_processes_take_turns_under_a_file_lock() {
    by_file(10);
}

#[test]
fn eight_processes_take_turns_under_a_consul_lock() {
    by_consul(10);
}

#[test]
fn a_consul_lock_that_is_revoked_never_lets_two_write() {
    disturbed(
        12,
        Wanted { ended: 1, expired: 0, deleted: 3, overwritten: 3, restarted: 1 },
        draw::number("SEED", 1),
    );
}

#[test]
fn terraforms_of_many_processes_never_write_at_once() {
    runs::many(3, 2);
}

#[test]
#[ignore = "soak"]
fn eight_processes_take_1600_turns_under_a_file_lock() {
    by_file(draw::number("ROUNDS", 200));
}

#[test]
#[ignore = "soak"]
fn eight_processes_take_1600_turns_under_a_consul_lock() {
    by_consul(draw::number("ROUNDS", 200));
}

#[test]
#[ignore = "soak"]
fn a_consul_lock_that_is_revoked_repeatedly_never_lets_two_write() {
    let wanted = Wanted { ended: 8, expired: 6, deleted: 25, overwritten: 25, restarted: 4 };
    disturbed(draw::number("ROUNDS", 200), wanted, draw::number("SEED", draw::fresh_seed()));
}

#[test]
#[ignore = "soak"]
fn terraforms_of_eight_processes_never_write_at_once() {
    runs::many(8, 8);
}
