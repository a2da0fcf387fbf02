//! The disks that a power cut may leave, at one moment of a recording.

use super::disk::{Data, Disk, Tree};
use crate::support::draw::Draw;

/// A disk after a power cut, and in words what it lost.
pub struct Layout {
    pub tree: Tree,
    pub lost: String,
}

/// Disks on which everything that was not synced has the same fate.
pub fn simple(disk: &Disk) -> Vec<Layout> {
    let all = |is_kept: bool, data: Data, lost: &str| Layout {
        tree: disk.cut(|_| is_kept, |_| data),
        lost: lost.to_owned(),
    };
    vec![
        all(false, Data::Old, "all that was not synced"),
        all(true, Data::Least, "all data that was not synced, and no name"),
        all(true, Data::Half, "half of the data that was not synced, and no name"),
        all(true, Data::Old, "all data since the last syncs, and no name"),
        all(false, Data::Full, "all names that were not synced, and no data"),
        all(true, Data::Full, "nothing"),
    ]
}

/// Disks on which one thing has another fate than all others.
pub fn single(disk: &Disk) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for one in 0..disk.pending() {
        let what = disk.describe(one);
        let lost = format!("that {what}, and nothing else");
        layouts.push(Layout { tree: disk.cut(|change| change != one, |_| Data::Full), lost });
        let lost = format!("all names except that {what}, and no data");
        layouts.push(Layout { tree: disk.cut(|change| change == one, |_| Data::Full), lost });
        let lost = format!("all names except that {what}, and the data");
        layouts.push(Layout { tree: disk.cut(|change| change == one, |_| Data::Least), lost });
    }
    for file in disk.unsynced() {
        for data in [Data::Old, Data::Least, Data::Half] {
            let only = |other: usize| if other == file { data } else { Data::Full };
            let lost = format!("data of file {file} ({data:?}), and nothing else");
            layouts.push(Layout { tree: disk.cut(|_| true, only), lost });
        }
        let except = |other: usize| if other == file { Data::Full } else { Data::Old };
        let lost = format!("all data except that of file {file}, and no name");
        layouts.push(Layout { tree: disk.cut(|_| true, except), lost });
    }
    layouts
}

/// A disk on which everything has a fate by chance.
pub fn by_chance(disk: &Disk, draw: &mut Draw) -> Layout {
    let names: Vec<_> = (0..disk.pending()).map(|_| draw.below(2) == 0).collect();
    let files: std::collections::BTreeMap<_, _> = disk
        .unsynced()
        .into_iter()
        .map(|file| (file, draw.one_of(&[Data::Old, Data::Least, Data::Half, Data::Full])))
        .collect();
    let tree = disk.cut(|change| names[change], |file| files.get(&file).copied().unwrap_or(Data::Full));
    let kept = (0..disk.pending()).filter(|change| names[*change]).map(|change| disk.describe(change));
    Layout {
        tree,
        lost: format!("by chance; kept: {}; data: {files:?}", kept.collect::<Vec<_>>().join(", ")),
    }
}
