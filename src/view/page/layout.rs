//! Places the nodes of a graph in columns, and keeps room in each column for the arrows that pass it.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::Group;

/// Nodes of one column before another begins beside it, if no arrow needs the place.
const TALL: usize = 8;
/// How often the columns are ordered again.
const ROUNDS: usize = 6;

/// A place in the drawing: its column, and its middle in quarters of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub column: usize,
    pub middle: usize,
}

pub struct Layout {
    /// By the place of the group.
    pub nodes: Vec<Place>,
    /// The height of the tallest column, in quarters of a row.
    pub height: usize,
    /// Where an arrow from a group passes a column.
    passes: BTreeMap<(usize, usize), Place>,
}

impl Layout {
    pub fn new(groups: &[Group]) -> Self {
        let columns_of = columns_of(groups);
        let passes: BTreeSet<(usize, usize)> = groups
            .iter()
            .enumerate()
            .flat_map(|(to, group)| group.waits_for.iter().map(move |from| (*from, to)))
            .flat_map(|(from, to)| (columns_of[from] + 1..columns_of[to]).map(move |column| (from, column)))
            .collect();
        let passes: Vec<_> = passes.into_iter().collect();
        let item: BTreeMap<(usize, usize), usize> =
            passes.iter().enumerate().map(|(at, pass)| (*pass, groups.len() + at)).collect();
        let mut columns = vec![Vec::new(); columns_of.iter().max().map_or(0, |most| most + 1)];
        for (group, column) in columns_of.iter().enumerate() {
            columns[*column].push(group);
        }
        for (at, (_, column)) in passes.iter().enumerate() {
            columns[*column].push(groups.len() + at);
        }
        let mut neighbours = vec![BTreeSet::new(); groups.len() + passes.len()];
        for (to, group) in groups.iter().enumerate() {
            for from in &group.waits_for {
                let between = (columns_of[*from] + 1..columns_of[to]).map(|column| item[&(*from, column)]);
                let way: Vec<usize> = [*from].into_iter().chain(between).chain([to]).collect();
                for pair in way.windows(2) {
                    neighbours[pair[0]].insert(pair[1]);
                    neighbours[pair[1]].insert(pair[0]);
                }
            }
        }
        let mut middles = middles(groups.len(), &columns, neighbours.len());
        for _ in 0..ROUNDS {
            for column in &mut columns {
                order(column, &neighbours, &middles);
            }
            middles = self::middles(groups.len(), &columns, neighbours.len());
        }
        let place = |column: usize, item: usize| Place { column, middle: middles[item] };
        Self {
            nodes: (0..groups.len()).map(|group| place(columns_of[group], group)).collect(),
            height: columns.iter().map(|column| height(groups.len(), column)).max().unwrap_or(0),
            passes: passes.iter().map(|pass| (*pass, place(pass.1, item[pass]))).collect(),
        }
    }

    /// The places through which an arrow leads, without its ends.
    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = Place> {
        let columns = self.nodes[from].column + 1..self.nodes[to].column;
        columns.filter_map(move |column| self.passes.get(&(from, column)).copied())
    }
}

/// Columns without a gap. Without arrows, the nodes fill a rectangle.
fn columns_of(groups: &[Group]) -> Vec<usize> {
    if groups.iter().all(|group| group.waits_for.is_empty()) {
        return (0..groups.len()).map(|group| group / TALL).collect();
    }
    let depths: BTreeSet<usize> = groups.iter().map(|group| group.depth).collect();
    let depths: Vec<usize> = depths.into_iter().collect();
    groups.iter().map(|group| depths.binary_search(&group.depth).unwrap_or_default()).collect()
}

/// Orders a column by the middle of the neighbours, so that fewer arrows cross.
fn order(column: &mut [usize], neighbours: &[BTreeSet<usize>], middles: &[usize]) {
    let wanted = |item: &usize| {
        let near = &neighbours[*item];
        match near.len() {
            0 => middles[*item] as f64,
            many => near.iter().map(|one| middles[*one] as f64).sum::<f64>() / many as f64,
        }
    };
    column.sort_by(|one, other| wanted(one).total_cmp(&wanted(other)));
}

/// The quarters of a row that an item needs: a node, or an arrow that passes.
fn size(nodes: usize, item: usize) -> usize {
    if item < nodes { 4 } else { 2 }
}

fn height(nodes: usize, column: &[usize]) -> usize {
    column.iter().map(|item| size(nodes, *item)).sum()
}

/// The middle of each item. Columns are centred.
fn middles(nodes: usize, columns: &[Vec<usize>], items: usize) -> Vec<usize> {
    let tallest = columns.iter().map(|column| height(nodes, column)).max().unwrap_or(0);
    let mut middles = vec![0; items];
    for column in columns {
        let mut at = (tallest - height(nodes, column)) / 2;
        for item in column {
            middles[*item] = at + size(nodes, *item) / 2;
            at += size(nodes, *item);
        }
    }
    middles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_over_several_columns_passes_beside_their_nodes() {
        let group = |depth: usize, waits_for: &[usize]| Group {
            members: vec![depth],
            depth,
            waits_for: waits_for.iter().copied().collect(),
        };
        // The last waits for the third, and directly for another first one.
        let groups = [group(0, &[]), group(0, &[]), group(1, &[0]), group(2, &[2]), group(5, &[1, 3])];
        let layout = Layout::new(&groups);
        assert_eq!(layout.nodes.iter().map(|one| one.column).collect::<Vec<_>>(), [0, 0, 1, 2, 3]);
        let passed: Vec<_> = layout.between(1, 4).collect();
        assert_eq!(passed.iter().map(|one| one.column).collect::<Vec<_>>(), [1, 2]);
        for pass in passed {
            let nodes = layout.nodes.iter().filter(|node| node.column == pass.column);
            assert!((1..layout.height).contains(&pass.middle), "{pass:?}");
            assert!(nodes.into_iter().all(|node| node.middle.abs_diff(pass.middle) >= 3), "{pass:?}");
        }
        assert_eq!(layout.between(3, 4).count(), 0);
    }
}
