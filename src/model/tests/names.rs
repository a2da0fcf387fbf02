use proptest::prelude::*;
use serde_json::json;

use super::super::Name;
use super::super::name::LONGEST;
use super::{pillar, problems};

#[test]
fn a_name_that_could_leave_its_folder_or_need_quoting_is_refused() {
    for text in ["", "../etc", "a/b", "a b", "a\"b", "a.b", "A", "1a", "-a", "_a", "é", "a\n", "a\0"] {
        assert!(Name::new(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_name_of_63_bytes_is_accepted_and_one_of_64_is_refused() {
    assert!(Name::new(&"a".repeat(LONGEST)).is_ok());
    assert!(Name::new(&"a".repeat(LONGEST + 1)).unwrap_err().contains("64 bytes"));
}

#[test]
fn an_environment_and_a_component_together_have_at_most_63_bytes() {
    let at = |bytes: usize| problems(&pillar(json!({}), json!({ "c".repeat(bytes): { "source": "/m" } })));
    assert_eq!(at(LONGEST - "staging/".len()), Vec::<String>::new());
    let messages = at(LONGEST - "staging/".len() + 1);
    assert!(
        messages.len() == 1 && messages[0].contains("staging/ccc") && messages[0].contains("64 bytes"),
        "{messages:?}"
    );
}

#[test]
fn every_invalid_name_is_reported_with_its_path() {
    let mut infrastructure = pillar(json!({}), json!({ "../x": { "source": "/m" } }));
    infrastructure["environments"]["Prod"] = json!({});
    let messages = problems(&infrastructure);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].starts_with("infrastructure:components:../x: this key is not a name"),
        "{messages:?}"
    );
    assert!(
        messages[1].starts_with("infrastructure:environments:Prod: this key is not a name"),
        "{messages:?}"
    );
}

proptest! {
    #[test]
    fn every_accepted_name_is_one_safe_part_of_a_path(text in ".{0,80}") {
        if let Ok(name) = Name::new(&text) {
            prop_assert_eq!(std::path::Path::new(name.as_str()).components().count(), 1);
            prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_lowercase()
                || byte.is_ascii_digit() || byte == b'_' || byte == b'-'));
            prop_assert_eq!(name.as_str(), text);
        }
    }

    #[test]
    fn every_name_that_matches_the_pattern_is_accepted(text in "[a-z][a-z0-9_-]{0,62}") {
        prop_assert!(Name::new(&text).is_ok());
    }
}
