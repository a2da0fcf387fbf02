//! The parts of `src/model`: its types, reading the pillar, and checking the pillar.

use crate::imports::Imports;

const READ: &str = "src/model/read";
const CHECK: &str = "src/model/check";

#[test]
fn types_know_neither_how_they_are_read_nor_how_they_are_checked() {
    let imports = Imports::read();
    let wrong: Vec<_> = imports.between(&["src/model"], &[READ, CHECK]);
    let of_types = wrong.iter().filter(|line| !line.starts_with(READ) && !line.starts_with(CHECK));
    assert_eq!(of_types.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn reading_knows_no_interface_of_a_module_and_checking_no_tree() {
    let imports = Imports::read();
    let interface = ["src/model/interface.rs", "src/model/constraint", CHECK];
    assert_eq!(imports.between(&[READ], &interface), Vec::<String>::new());
    assert_eq!(imports.between(&[CHECK], &[READ]), Vec::<String>::new());
}

#[test]
fn a_type_and_its_methods_stand_in_one_folder() {
    assert_eq!(Imports::read().methods_away_from_their_type("src/model"), Vec::<String>::new());
}
