//! Reads Nomad's nested lists of errors.

/// One sentence for each error, with what it is about before it: `Task group web: Task web: Template 1: ...`.
pub fn objections(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // What each open list is about, and how many of its items are still to come. All lists have the same indentation.
    let mut open: Vec<(String, usize)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let said = line.strip_prefix("* ").unwrap_or(line);
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        if let Some((_, left)) = open.last_mut() {
            *left -= 1;
        }
        match head(said) {
            Some((about, items)) => open.push((about.to_owned(), items)),
            None => {
                let about = open.iter().map(|(about, _)| about.as_str()).filter(|about| !about.is_empty());
                found.push(about.chain([said]).collect::<Vec<_>>().join(": "));
            }
        }
    }
    found
}

/// The head of a list: what it is about, and the number of its items.
fn head(line: &str) -> Option<(&str, usize)> {
    let line = line.strip_suffix(" occurred:")?;
    let line = line.strip_suffix(" errors").or_else(|| line.strip_suffix(" error"))?;
    let (about, items) = line.rsplit_once(' ').unwrap_or(("", line));
    let about = about.trim_end_matches(':');
    Some((about.strip_suffix(" validation failed").unwrap_or(about), items.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::objections;

    #[test]
    fn each_error_of_nested_lists_is_one_sentence_with_what_it_is_about() {
        let nested = "Task group web validation failed: 2 errors occurred:\n\t* Task web validation failed: \
                      2 errors occurred:\n\t* Template 1 validation failed: 1 error occurred:\n\t* it escapes\n\n\n\
                      \t* Missing task driver\n\n\n\t* Port label a already in use\n\n";
        let expected = [
            "Task group web: Task web: Template 1: it escapes",
            "Task group web: Task web: Missing task driver",
            "Task group web: Port label a already in use",
        ];
        assert_eq!(objections(nested), expected);
        assert_eq!(objections("2 errors occurred:\n\t* a\n\t* b\n\n"), ["a", "b"]);
        assert_eq!(
            objections("Invalid cron spec \"* * *\": too few"),
            ["Invalid cron spec \"* * *\": too few"]
        );
        assert_eq!(objections(" \n"), [""; 0]);
    }
}
