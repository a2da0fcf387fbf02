//! The time now, as records and reports write it, and times that servers write.

use std::time::{Duration, SystemTime};

/// RFC 3339, UTC, in whole seconds.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The time from now until this one (RFC 3339); zero if it is past. None if the text is not a time.
pub fn until(time: &str) -> Option<Duration> {
    Some(read(time)?.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The time that has passed since this one (RFC 3339); zero if it is to come. None if the text is not a time.
pub fn since(time: &str) -> Option<Duration> {
    Some(SystemTime::now().duration_since(read(time)?).unwrap_or_default())
}

/// The time in the header `Date` of an HTTP answer: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn of_http(date: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<_> = date.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = parts[..] else { return None };
    let month = MONTHS.iter().position(|one| *one == month)? + 1;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

/// A server may write its own offset: `2026-11-27T04:00:00.5+01:00`.
fn read(time: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(time) {
        return Some(time);
    }
    let (local, offset) = time.split_at_checked(time.len().checked_sub("+00:00".len())?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let offset_seconds = hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60;
    let length = Duration::from_secs(offset_seconds);
    match offset.as_bytes()[0] {
        b'+' => local.checked_sub(length),
        b'-' => local.checked_add(length),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_an_offset_is_the_same_moment_in_utc() {
        for (time, utc) in [
            ("2026-11-27T04:00:00Z", "2026-11-27T04:00:00Z"),
            ("2026-11-27T04:00:00.25+01:30", "2026-11-27T02:30:00.25Z"),
            ("2026-11-26T23:00:00-05:00", "2026-11-27T04:00:00Z"),
        ] {
            assert_eq!(read(time), humantime::parse_rfc3339(utc).ok(), "{time}");
        }
        for wrong in ["", "+00:00", "soon", "2026-11-27T04:00:00", "2026-11-27T04:00:00*01:00"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_date_of_an_answer_is_a_time() {
        let time = humantime::parse_rfc3339("2026-11-06T08:49:37Z").ok();
        assert_eq!(of_http("Fri, 06 Nov 2026 08:49:37 GMT"), time);
        for wrong in ["", "Fri, 06 Nov 2026 08:49:37 CET", "Fri, 06 Nox 2026 08:49:37 GMT", "2026-11-06"] {
            assert_eq!(of_http(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_past_time_leaves_nothing() {
        assert_eq!(until("2020-01-01T00:00:00Z"), Some(Duration::ZERO));
        assert_eq!(since("9999-01-01T00:00:00Z"), Some(Duration::ZERO));
    }
}
