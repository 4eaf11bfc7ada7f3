//! Interleaved rounds and what is made of them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Something that is measured: each call is one sample and says how long its subject took.
pub struct Contender {
    /// What it is.
    pub name: String,
    run: Box<dyn FnMut() -> Duration>,
}

impl Contender {
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Duration + 'static) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Times the whole of a subject.
pub fn timed(mut subject: impl FnMut() + 'static) -> impl FnMut() -> Duration {
    move || {
        let start = Instant::now();
        subject();
        start.elapsed()
    }
}

/// The medians of one run.
pub struct Table {
    title: String,
    rows: Vec<(String, Duration)>,
}

impl Table {
    /// Lets all contenders run in turn, `rounds` times; the first is the yardstick.
    pub fn measure(title: &str, rounds: usize, mut contenders: Vec<Contender>) -> Self {
        let mut samples: Vec<Vec<Duration>> = vec![Vec::new(); contenders.len()];
        for round in 0..rounds + 2 {
            for (contender, taken) in contenders.iter_mut().zip(&mut samples) {
                let time = (contender.run)();
                // Two rounds to warm up: caches, tables that are built at first use.
                if round >= 2 {
                    taken.push(time);
                }
            }
        }
        let rows = contenders
            .into_iter()
            .zip(samples)
            .map(|(contender, mut taken)| {
                taken.sort();
                (contender.name, taken[taken.len() / 2])
            })
            .collect();
        Self { title: title.to_owned(), rows }
    }

    fn ratios(&self) -> impl Iterator<Item = (&str, f64, Duration)> {
        let yardstick = self.rows[0].1.as_secs_f64();
        self.rows
            .iter()
            .map(move |(name, time)| (name.as_str(), time.as_secs_f64() / yardstick, *time))
    }

    /// The table as a document.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "\n## {}\n\n| what | time, relative to the first row | median of this run, µs |\n|---|---|---|\n",
            self.title
        );
        for (name, ratio, time) in self.ratios() {
            let micros = time.as_secs_f64() * 1e6;
            writeln!(text, "| {name} | {ratio:.2} | {micros:.1} |").expect("a string takes text");
        }
        text
    }

    /// The table as JSON.
    pub fn json(&self) -> String {
        let rows: Vec<String> = self
            .ratios()
            .map(|(name, ratio, time)| {
                format!(
                    "{{\"name\":\"{name}\",\"ratio\":{ratio:.4},\"median_ns\":{}}}",
                    time.as_nanos()
                )
            })
            .collect();
        format!("{{\"title\":\"{}\",\"rows\":[{}]}}", self.title, rows.join(","))
    }
}
