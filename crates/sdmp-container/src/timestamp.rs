//! Timestamps (R6).

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A moment in UTC, to the millisecond, in the years 0 to 9999 (R6).
///
/// ```
/// use sdmp_container::Timestamp;
///
/// let expires: Timestamp = "2030-01-31T23:59:59.999Z".parse().unwrap();
/// let now = Timestamp::from_unix_millis(expires.unix_millis()).unwrap();
/// assert!(expires.is_expired(now), "an object is expired when now >= the timestamp");
/// assert_eq!(expires.to_string(), "2030-01-31T23:59:59.999Z");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_millis: i64,
}

impl Timestamp {
    /// The earliest: `0000-01-01T00:00:00.000Z`.
    pub const MIN: Self = Self { unix_millis: -62_167_219_200_000 };
    /// The latest: `9999-12-31T23:59:59.999Z`.
    pub const MAX: Self = Self { unix_millis: 253_402_300_799_999 };

    /// From milliseconds since 1970-01-01T00:00:00Z; `None` outside the years 0 to 9999.
    #[must_use]
    pub const fn from_unix_millis(unix_millis: i64) -> Option<Self> {
        if unix_millis < Self::MIN.unix_millis || unix_millis > Self::MAX.unix_millis {
            None
        } else {
            Some(Self { unix_millis })
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, negative before.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.unix_millis
    }

    /// Whether an object that expires at this moment is expired at `now` (R6: now >= it).
    #[must_use]
    pub fn is_expired(self, now: Self) -> bool {
        now >= self
    }

    /// Reads the one form that is allowed (R6).
    ///
    /// # Errors
    /// `timestamp.shape`, `timestamp.date` or `timestamp.time`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        const SHAPE: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
        // One length and one shape: equal times have equal texts, so texts can be compared and
        // hashed (R6).
        let octets: &[u8; 24] =
            text.as_bytes().try_into().map_err(|_| Error::new(ErrorKind::TimestampShape))?;
        let fits = octets.iter().zip(SHAPE).all(|(octet, shape)| match shape {
            b'0' => octet.is_ascii_digit(),
            mark => octet == mark,
        });
        if !fits {
            return Err(Error::new(ErrorKind::TimestampShape));
        }
        let [
            y0,
            y1,
            y2,
            y3,
            _,
            mo0,
            mo1,
            _,
            d0,
            d1,
            _,
            h0,
            h1,
            _,
            mi0,
            mi1,
            _,
            s0,
            s1,
            _,
            f0,
            f1,
            f2,
            _,
        ] = *octets;
        let year = decimal(&[y0, y1, y2, y3]);
        let month = decimal(&[mo0, mo1]);
        let day = decimal(&[d0, d1]);
        if day < 1 || day > days_in_month(year, month) {
            return Err(Error::new(ErrorKind::TimestampDate));
        }
        let (hour, minute, second) = (decimal(&[h0, h1]), decimal(&[mi0, mi1]), decimal(&[s0, s1]));
        // No leap seconds: many systems cannot represent them, and would disagree about expiry.
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Error::new(ErrorKind::TimestampTime));
        }
        let millis = ((hour * 60 + minute) * 60 + second) * 1000 + decimal(&[f0, f1, f2]);
        Ok(Self { unix_millis: days_from_civil(year, month, day) * MILLIS_PER_DAY + millis })
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.unix_millis.div_euclid(MILLIS_PER_DAY));
        let rest = self.unix_millis.rem_euclid(MILLIS_PER_DAY);
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
        let (second, millis) = (rest / 1000 % 60, rest % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

fn decimal(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit.wrapping_sub(b'0')))
}

/// The days of a month; none for a month that does not exist.
fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. The year is taken to begin in
/// March, so that the day that comes and goes is its last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    // The calendar repeats every 400 years; this is the algorithm of H. Hinnant, without loops or
    // tables.
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // From 1970-01-01 to 0000-03-01: years that begin in March have their leap day at the end.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400;
    (if month > 2 { year } else { year + 1 }, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What another library says of the same text, or of the same moment.
    fn oracle(text: &str) -> Option<i64> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| moment.as_millisecond())
    }

    #[test]
    fn the_bounds_are_the_first_and_the_last_moment() {
        assert_eq!(Timestamp::MIN.to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::parse("0000-01-01T00:00:00.000Z"), Ok(Timestamp::MIN));
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59.999Z"), Ok(Timestamp::MAX));
        for last in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Timestamp::from_unix_millis(last.unix_millis()), Some(last));
        }
        assert_eq!(Timestamp::from_unix_millis(Timestamp::MIN.unix_millis() - 1), None);
        assert_eq!(Timestamp::from_unix_millis(Timestamp::MAX.unix_millis() + 1), None);
        assert_eq!(Timestamp::from_unix_millis(i64::MIN), None);
        assert_eq!(Timestamp::from_unix_millis(i64::MAX), None);
    }

    #[test]
    fn every_day_there_could_be() {
        // Miri is a thousand times slower, and has nothing to find here: one year will do.
        let years = [2000, 0, 1, 4, 100, 400, 1582, 1900, 1970, 2023, 2024, 2100, 9998];
        for year in years.into_iter().take(if cfg!(miri) { 1 } else { 13 }) {
            for month in 0..=13 {
                for day in 0..=32 {
                    let text = format!("{year:04}-{month:02}-{day:02}T01:02:03.004Z");
                    let parsed = Timestamp::parse(&text).ok().map(Timestamp::unix_millis);
                    assert_eq!(parsed, oracle(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        // For Miri the last three years will do.
        let first = if cfg!(miri) { 2_931_800 } else { -719_528 };
        let mut last = civil_from_days(first - 1);
        for days in first..=2_932_896 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
            assert!(day <= days_in_month(year, month), "{year}-{month}-{day}");
            assert!((year, month, day) > last, "{year}-{month}-{day} after {last:?}");
            last = (year, month, day);
        }
        assert_eq!(last, (9999, 12, 31));
    }

    proptest! {
        #[test]
        fn moments_keep_their_text(millis in -62_167_219_200_000_i64..=253_402_300_799_999) {
            let timestamp = Timestamp::from_unix_millis(millis).unwrap();
            let text = timestamp.to_string();
            prop_assert_eq!(text.len(), 24);
            prop_assert_eq!(Timestamp::parse(&text), Ok(timestamp));
        }

        #[test]
        fn moments_agree_with_another_library(millis in -62_135_596_800_000_i64..=253_402_200_000_000) {
            let timestamp = Timestamp::from_unix_millis(millis).unwrap();
            prop_assert_eq!(oracle(&timestamp.to_string()), Some(millis));
        }

        #[test]
        fn no_other_text_is_accepted(
            at in 0..24_usize,
            octet in prop_oneof![Just(b'0'), Just(b'9'), Just(b'-'), Just(b':'), Just(b' '), 0..128_u8],
        ) {
            let mut text = *b"2024-02-29T23:59:59.999Z";
            text[at] = octet;
            let text = std::str::from_utf8(&text).unwrap();
            if let Ok(timestamp) = Timestamp::parse(text) {
                prop_assert_eq!(timestamp.to_string(), text);
                prop_assert_eq!(oracle(text), Some(timestamp.unix_millis()));
            }
        }

        #[test]
        fn any_text_is_refused_or_written_alike(text in ".{0,30}") {
            if let Ok(timestamp) = Timestamp::parse(&text) {
                prop_assert_eq!(timestamp.to_string(), text);
            }
        }
    }
}
