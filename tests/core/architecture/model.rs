//! The parts of `src/model`: its types, reading the pillar, and checking the pillar.

use crate::imports::Imports;

const READ: &str = "src/model/read";
const CHECK: &str = "src/model/check";

#[test]
fn types_import_neither_their_reading_nor_their_checking() {
    let imports = Imports::read();
    let wrong: Vec<_> = imports.between(&["src/model"], &[READ, CHECK]);
    let of_types = wrong.iter().filter(|line| !line.starts_with(READ) && !line.starts_with(CHECK));
    assert_eq!(of_types.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn reading_imports_no_module_interface_and_checking_no_pillar_tree() {
    let imports = Imports::read();
    let interface = ["src/model/interface.rs", "src/model/constraint", CHECK];
    assert_eq!(imports.between(&[READ], &interface), Vec::<String>::new());
    assert_eq!(imports.between(&[CHECK], &[READ]), Vec::<String>::new());
}

#[test]
fn a_type_and_its_methods_are_in_one_folder() {
    assert_eq!(Imports::read().methods_away_from_their_type("src/model"), Vec::<String>::new());
}
