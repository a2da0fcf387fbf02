//! A power cut at each moment of an apply. The next run has to continue from what is left on the disk.

mod disk;
mod judge;
mod layouts;
mod play;
mod scene;
mod trace;

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
    let mut player = Player::new(scene);
    player.play(|number, disk| {
        let is_sync = matches!(scene.operations[number], trace::Operation::Sync(_));
        syncs += usize::from(is_sync);
        let is_end = number + 1 == scene.operations.len();
        match (is_sync && syncs.is_multiple_of(one_of)) || is_end {
            true => layouts::simple(disk),
            false => Vec::new(),
        }
    });
    player.tally.assert_well(name);
}

/// The disks at every moment. Near a sync also those on which one thing has another fate than all others.
fn all(name: &str, scene: &Scene) {
    let seed = draw::number("SEED", draw::fresh_seed());
    eprintln!("SEED={seed}");
    let mut draw = Draw::new(seed, 0);
    let by_chance = draw::number("CHANCES", 3);
    let mut player = Player::new(scene);
    player.play(|number, disk| {
        let mut layouts = layouts::simple(disk);
        let next = scene.operations.get(number + 1);
        if next.is_none_or(|next| matches!(next, trace::Operation::Sync(_))) {
            layouts.extend(layouts::single(disk));
        }
        layouts.extend((0..by_chance).map(|_| layouts::by_chance(disk, &mut draw)));
        layouts
    });
    player.tally.assert_well(name);
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
