//! A power cut at each moment of an apply. The next run has to continue from what is left on the disk.

mod disk;
mod judge;
mod layouts;
mod play;
mod scene;
mod trace;

use self::disk::Disk;
use self::layouts::Layout;
use self::play::Player;
use self::scene::Scene;
use crate::support::draw::{self, Draw};

/// No package registry has strace, so its absence is no failure.
fn is_possible() -> bool {
    let is_possible = trace::is_possible();
    if !is_possible {
        eprintln!("SKIPPED, missing: strace, or the right to use it");
    }
    is_possible
}

/// The disks after each sync, on which everything that was not synced has the same fate. `one_of`: how many of the syncs
/// share one try.
fn few(name: &str, scene: &Scene, one_of: usize) {
    let mut syncs = 0;
    let tally = Player::new(scene, || true).play(|number, disk| {
        let is_sync = matches!(scene.operations[number], trace::Operation::Sync(_));
        syncs += usize::from(is_sync);
        let is_end = number + 1 == scene.operations.len();
        match (is_sync && syncs.is_multiple_of(one_of)) || is_end {
            true => layouts::simple(disk),
            false => Vec::new(),
        }
    });
    tally.assert_well(name);
}

/// After each operation, so many disks have all their fates by chance.
const BY_CHANCE: u64 = 3;

/// The disks at every moment. Near a sync also those on which one thing has another fate than all others. CUTS of them,
/// by chance, are tried.
fn all(name: &str, scene: &Scene) {
    let seed = draw::number("SEED", draw::fresh_seed());
    let total = Player::new(scene, || false).play(every_moment(scene, seed)).distinct;
    let cuts = draw::number("CUTS", 400);
    eprintln!("SEED={seed} {name}: {total} different disks, about {} of them are tried", cuts.min(total));
    let mut drawn = Draw::new(seed, 1);
    let is_tried = move || drawn.below(total) < cuts;
    Player::new(scene, is_tried).play(every_moment(scene, seed)).assert_well(name);
}

fn every_moment(scene: &Scene, seed: u64) -> impl FnMut(usize, &Disk) -> Vec<Layout> {
    let mut drawn = Draw::new(seed, 0);
    move |number, disk| {
        let mut layouts = layouts::simple(disk);
        let next = scene.operations.get(number + 1);
        if next.is_none_or(|next| matches!(next, trace::Operation::Sync(_))) {
            layouts.extend(layouts::single(disk));
        }
        layouts.extend((0..BY_CHANCE).map(|_| layouts::by_chance(disk, &mut drawn)));
        layouts
    }
}

#[test]
fn after_a_power_cut_in_a_first_apply_nothing_is_lost() {
    if is_possible() {
        few("first", &Scene::first(), 40);
    }
}

#[test]
fn after_a_power_cut_in_a_later_apply_nothing_is_lost() {
    if is_possible() {
        few("later", &Scene::later(), 40);
    }
}

#[test]
fn after_a_power_cut_an_approval_is_not_used_twice() {
    if is_possible() {
        few("approved", &Scene::approved(), 20);
    }
}

/// One test for each scene.
macro_rules! at_every_moment {
    ($($scene:ident),*) => {$(
        #[test]
        #[ignore = "soak"]
        fn $scene() {
            super::all(stringify!($scene), &super::Scene::$scene());
        }
    )*};
}

mod at_every_moment {
    at_every_moment!(first, later, failed, destroy, approval, approved);
}
