//! Which key of a service a sentence of Nomad's validation is about.

/// Words with which Nomad begins to speak of a part of a job, and the keys of a service, or the names in its `job`, from
/// which the part may come.
const WORDS: &[(&str, &[&str])] = &[
    ("affinity", &["affinity"]),
    ("artifact", &["artifacts"]),
    ("auto promote", &["update"]),
    ("check", &["check", "health_path"]),
    ("constraint", &["constraints"]),
    ("cron", &["periodic"]),
    ("datacenter", &["datacenters", "datacenter"]),
    ("disconnect", &["disconnect"]),
    ("delay cannot", &["reschedule"]),
    ("dispatch payload", &["dispatch_payload"]),
    ("ephemeral disk", &["ephemeral_disk"]),
    ("healthy deadline", &["update"]),
    ("healthcheck", &["migrate"]),
    ("interval can not", &["restart"]),
    ("interval cannot", &["reschedule"]),
    ("job priority", &["priority"]),
    ("killtim", &["kill_timeout"]),
    ("lifecycle", &["lifecycle"]),
    ("log storage", &["logs"]),
    ("lost_after", &["disconnect"]),
    ("lostafter", &["disconnect"]),
    ("marked as leader", &["leader"]),
    ("max delay", &["reschedule"]),
    ("max parallel", &["update"]),
    ("memorymaxmb", &["memory_max"]),
    ("meta keys", &["parameterized"]),
    ("migrate", &["migrate"]),
    ("minhealthytime", &["migrate"]),
    ("minimum diskmb", &["ephemeral_disk"]),
    ("minimum file size", &["logs"]),
    ("minimum healthy", &["update"]),
    ("minimum number of files", &["logs"]),
    ("namespace", &["namespace"]),
    ("node pool", &["node_pool"]),
    ("nomad can only make", &["reschedule"]),
    ("nomad can't restart", &["restart"]),
    ("parameterized", &["parameterized"]),
    ("periodic", &["periodic"]),
    ("port", &["ports", "port", "registrations"]),
    ("progress deadline", &["update"]),
    ("reschedule", &["reschedule"]),
    ("restart", &["restart"]),
    ("scaling", &["scaling"]),
    ("spread", &["spread"]),
    ("static port", &["ports", "port"]),
    ("template", &["templates"]),
    ("time zone", &["periodic"]),
    ("vault", &["vault"]),
    ("volume", &["volumes", "volume_mount"]),
];

/// The keys that this sentence may be about, the likeliest first. `service`: the name of the service, which may contain
/// such words too.
pub fn keys(sentence: &str, service: &str) -> Vec<&'static str> {
    let sentence = bare(sentence, service);
    let at = |words: &str| {
        sentence.match_indices(words).map(|(at, _)| at).find(|at| begins_a_word(&sentence, *at))
    };
    let mut found: Vec<_> = WORDS.iter().filter_map(|(words, keys)| Some((at(words)?, *keys))).collect();
    // What a sentence is about stands before what it says of it.
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().flat_map(|(_, keys)| keys).copied().collect()
}

/// The task that a sentence is about: `Task group web: Task side: ...`.
pub fn task(sentence: &str) -> Option<&str> {
    sentence
        .split(": ")
        .find_map(|part| part.strip_prefix("Task ").filter(|name| !name.starts_with("group ")))
}

/// Lower case, without quoted texts, the names of groups and tasks, and the name of the service.
fn bare(sentence: &str, service: &str) -> String {
    let unquoted = sentence.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let is_head = |part: &str| {
        let words = part.split(' ').count();
        (words == 3 && part.starts_with("Task group ")) || (words == 2 && part.starts_with("Task "))
    };
    let said = unquoted.split(": ").filter(|part| !is_head(part)).collect::<Vec<_>>().join(": ");
    said.split(' ').filter(|word| *word != service).collect::<Vec<_>>().join(" ").to_lowercase()
}

fn begins_a_word(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '-')
}

#[cfg(test)]
mod tests {
    use super::{keys, task};

    #[test]
    fn a_sentence_leads_to_the_part_that_it_names_first_and_not_to_names_or_values() {
        for (sentence, expected) in [
            (
                "Task group web: Affinity 1: Semver affinity is invalid: Malformed constraint: x",
                Some("affinity"),
            ),
            ("Task group template: Task check: log storage (30 MB) must be less", Some("logs")),
            ("Invalid cron spec \"* template *\": too few", Some("periodic")),
            ("Task group web: Service[0] web: Check up is invalid", Some("check")),
            ("Task group web: Interval can not be less than 5s (got 1s)", Some("restart")),
            ("Task group web: Static port 80 already reserved by web:http", Some("ports")),
            ("Missing job region", None),
        ] {
            assert_eq!(keys(sentence, "web").first().copied(), expected, "{sentence}");
        }
        assert_eq!(task("Task group web: Task side: Missing task driver"), Some("side"));
        assert_eq!(task("Task group web: Missing tasks"), None);
    }
}
