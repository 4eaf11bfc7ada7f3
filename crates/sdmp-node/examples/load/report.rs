//! One line of the table for each scenario, and what was missed.

use std::time::Duration;

use crate::honest::Dials;
use crate::server::{Counts, Memory};

/// What a scenario came to; what it does not measure stays empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    /// Hostile connections, or sessions.
    pub(crate) connections: usize,
    /// Connections that were made in a second.
    pub(crate) rate: Option<f64>,
    pub(crate) counts: Counts,
    pub(crate) dials: Option<Dials>,
    /// How long an honest dial may take.
    pub(crate) limit: Duration,
    pub(crate) memory: Memory,
    pub(crate) recovered: Option<Duration>,
    /// A figure of this scenario's own.
    pub(crate) note: String,
    pub(crate) missed: Vec<String>,
}

impl Row {
    pub(crate) const HEAD: &str = "\
| scenario | connections | a second | half-open at most | dropped | refused | completed | honest in time | slowest | server's peak | recovered | |
|---|---|---|---|---|---|---|---|---|---|---|---|";

    pub(crate) fn line(&self) -> String {
        let counts = &self.counts;
        let (honest, slowest) = self.dials.as_ref().map_or_else(Default::default, |dials| {
            let slowest = dials.times.last().map_or(0.0, Duration::as_secs_f64);
            let honest = format!("{} of {}", dials.within(self.limit), dials.all);
            (honest, format!("{slowest:.2} s"))
        });
        let rate = self.rate.map_or_else(String::new, |rate| format!("{rate:.0}"));
        let recovered =
            self.recovered.map_or_else(String::new, |time| format!("{:.1} s", time.as_secs_f64()));
        let peak = match self.memory.peak {
            0 => "?".to_owned(),
            kib => mib(kib),
        };
        let held = counts.most_half_open;
        let (dropped, refused, completed) = (counts.over_limit, counts.refused, counts.accepted);
        let verdict = if self.missed.is_empty() { "" } else { " **missed**" };
        format!(
            "| {} | {} | {rate} | {held} | {dropped} | {refused} | {completed} | {honest} | {slowest} | {peak} | {recovered} | {}{verdict} |",
            self.scenario, self.connections, self.note
        )
    }

    /// Notes a figure that was missed.
    pub(crate) fn demand(&mut self, reached: bool, what: impl Into<String>) {
        if !reached {
            self.missed.push(what.into());
        }
    }
}

/// KiB as MiB, with one decimal.
pub(crate) fn mib(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}
