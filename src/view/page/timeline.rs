//! Draws when each turn ran, and which of them determined the length of the run.

use askama::Template;

use super::critical_path::{Because, Link};
use super::escape::brief;
use super::kind::Kind;
use super::turns::{Turn, Turns};
use super::work::Work;
use crate::count::counted;
use crate::view::alike::FEW;
use crate::view::units;

/// The first rows of a longer path, and as many of its end.
const ENDS: usize = 7;

#[derive(Template)]
#[template(path = "timeline.html")]
pub struct Timeline {
    total: String,
    quarters: [String; 3],
    /// None if the run has not ended, or has no turn.
    path: Option<Path>,
    rows: Vec<Row>,
    /// What the run did before its first turn.
    before: Span,
    /// None if a turn has not ended.
    after: Option<Span>,
    is_open: bool,
    is_finished: bool,
}

struct Path {
    rows: Vec<(Row, String)>,
    left: usize,
    /// How many turns waited for a place, if one did.
    places: Option<String>,
    before: String,
    on: String,
    after: String,
}

/// A part of the run without a turn.
struct Span {
    began: String,
    took: String,
    bars: Vec<Bar>,
}

struct Row {
    name: String,
    link: String,
    class: &'static str,
    mark: char,
    status: String,
    began: String,
    took: String,
    bars: Vec<Bar>,
    is_on_path: bool,
}

/// In percent of the run.
struct Bar {
    class: &'static str,
    x: String,
    width: String,
}

impl Timeline {
    pub fn new(
        work: &Work<'_>,
        turns: &Turns<'_>,
        path: &[Link],
        link: impl Fn(usize) -> String,
    ) -> Option<Self> {
        if turns.all.is_empty() {
            return None;
        }
        let row = |place: usize| {
            let turn = &turns.all[place];
            let link = work.place(turn.component).map_or_else(|| "components".to_owned(), &link);
            Row::new(turn, turns, link, path.iter().any(|one| one.turn == place))
        };
        let rows: Vec<_> = (0..turns.all.len()).map(row).collect();
        let quarter = |part: f64| units::seconds(turns.total * part);
        Some(Self {
            total: units::seconds(turns.total),
            quarters: [quarter(0.25), quarter(0.5), quarter(0.75)],
            path: Path::new(work, turns, path, row),
            is_open: rows.len() <= FEW,
            is_finished: turns.is_finished,
            before: Span::new(0.0, turns.all[0].began, turns.total),
            after: turns
                .last_end()
                .filter(|_| turns.is_finished)
                .map(|at| Span::new(at, turns.total, turns.total)),
            rows,
        })
    }
}

impl Path {
    fn new(work: &Work<'_>, turns: &Turns<'_>, path: &[Link], row: impl Fn(usize) -> Row) -> Option<Self> {
        let (first, last) = (path.first()?, path.last()?);
        let (began, ended) = (turns.all[first.turn].began, turns.all[last.turn].ended?);
        let left = path.len().saturating_sub(2 * ENDS);
        let is_shown = |at: &usize| left == 0 || *at < ENDS || *at >= path.len() - ENDS;
        let rows = path.iter().enumerate().filter(|(at, _)| is_shown(at));
        let rows = rows.map(|(_, link)| (row(link.turn), why(work, turns, link)));
        Some(Self {
            rows: rows.collect(),
            left,
            places: places(work, path),
            before: units::seconds(began),
            on: units::seconds(ended - began),
            after: units::seconds((turns.total - ended).max(0.0)),
        })
    }
}

/// `3 of these 12 turns waited for one of the 4 places of parallelism.`
fn places(work: &Work<'_>, path: &[Link]) -> Option<String> {
    let waited = path.iter().filter(|link| matches!(link.because, Because::Place(_))).count();
    let places = work.parallelism.filter(|_| waited > 0)?;
    let of = format!("{waited} of these {}", counted(path.len(), "turn"));
    Some(format!("{of} waited for one of the {} of parallelism.", counted(places, "place")))
}

/// Why a turn of the path did not begin earlier.
fn why(work: &Work<'_>, turns: &Turns<'_>, link: &Link) -> String {
    let name = |turn: usize| brief(turns.all[turn].component);
    let why = match link.because {
        Because::First => "nothing else kept it waiting".to_owned(),
        Because::Needed(turn) => format!("after {}, which it waits for", name(turn)),
        Because::Place(turn) => match work.parallelism {
            Some(places) => format!("when {} ended: parallelism is {places}", name(turn)),
            None => format!("when {} ended", name(turn)),
        },
        Because::Again(turn) => format!("once more, after {}", name(turn)),
    };
    // Less is the work of Eos itself.
    match link.because.turn().is_some() && link.waited >= 1.0 {
        true => format!("{why}; {} later, because of a lock or a limit", units::seconds(link.waited)),
        false => why,
    }
}

impl Row {
    fn new(turn: &Turn<'_>, turns: &Turns<'_>, link: String, is_on_path: bool) -> Self {
        let status = match turn.status {
            "" if turns.is_finished => "interrupted",
            "" => "in_progress",
            status => status,
        };
        let kind = Kind::of(status);
        Self {
            name: brief(turn.component),
            link,
            class: kind.class(),
            mark: kind.mark(),
            status: brief(&units::word(status)),
            began: units::seconds(turn.began),
            took: turn.took().map_or_else(String::new, units::seconds),
            bars: bars(turn, turns.total),
            is_on_path,
        }
    }
}

impl Span {
    fn new(began: f64, ended: f64, total: f64) -> Self {
        Self {
            began: units::seconds(began),
            took: units::seconds((ended - began).max(0.0)),
            bars: vec![Bar::new("p", began, ended, total)],
        }
    }
}

impl Bar {
    fn new(class: &'static str, from: f64, to: f64, total: f64) -> Self {
        let percent = |seconds: f64| if total > 0.0 { seconds / total * 100.0 } else { 0.0 };
        let (x, width) = (percent(from), percent(to - from).max(0.4));
        Self { class, x: format!("{x:.1}"), width: format!("{width:.1}") }
    }
}

fn bars(turn: &Turn<'_>, total: f64) -> Vec<Bar> {
    let ended = turn.ended.unwrap_or(total);
    let bar = |class, from, to| Bar::new(class, from, to, total);
    match turn.applying {
        Some(applying) => vec![bar("p", turn.began, applying), bar("a", applying, ended)],
        None => vec![bar("p", turn.began, ended)],
    }
}
