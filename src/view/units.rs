//! Writes times and counts in the same way everywhere.

use crate::report::Counts;

/// `0.9s`, `1m12s`, `2h05m`.
pub fn seconds(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 59.95 => format!("{seconds:.1}s"),
        0..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// `+3 ~1 -0`, followed by what Terraform's own summary may leave out: `import 2 forget 1 invoke 1 defer 1`.
pub fn counts(counts: &Counts) -> String {
    let Counts { add, change, remove, import, forget, action_invocation, deferred } = *counts;
    let others = [("import", import), ("forget", forget), ("invoke", action_invocation), ("defer", deferred)];
    let others = others.into_iter().filter(|(_, count)| *count > 0);
    let others: String = others.map(|(word, count)| format!(" {word} {count}")).collect();
    format!("+{add} ~{change} -{remove}{others}")
}

/// A status such as `pending_inputs` in words for people.
pub fn word(status: &str) -> String {
    status.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_show_what_is_neither_added_nor_changed_nor_removed() {
        let found = Counts { add: 1, forget: 2, action_invocation: 3, deferred: 4, ..Counts::default() };
        assert_eq!(counts(&found), "+1 ~0 -0 forget 2 invoke 3 defer 4");
        assert_eq!(counts(&Counts { import: 1, ..Counts::default() }), "+0 ~0 -0 import 1");
    }

    #[test]
    fn times_are_shown_briefly() {
        let shown: Vec<_> =
            [0.04, 0.94, 59.9, 59.97, 72.2, 3599.6, 7500.0].into_iter().map(seconds).collect();
        assert_eq!(shown, ["0.0s", "0.9s", "59.9s", "1m00s", "1m12s", "1h00m", "2h05m"]);
    }
}
