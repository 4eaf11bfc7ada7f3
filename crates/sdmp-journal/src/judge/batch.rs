//! What came together is judged together (N7).

use super::{Candidate, Judge, Verdict};
use crate::fact::Fact;
use crate::view::Overlay;
use crate::{Admit, Verify, View};

/// Resources of one response, or of an introduction, judged in whatever order works, content last
/// (N7). The caller keeps the texts of what waits for up to 8 seconds, and puts them into another
/// batch when what they wait for has come.
#[derive(Debug)]
pub struct Batch<'j, 'v, V: ?Sized> {
    judge: &'j Judge<'j>,
    view: Overlay<'v, V>,
    next_line: u64,
    admitted: Vec<Judged>,
}

/// A resource and its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The resource.
    pub candidate: Candidate,
    /// The verdict.
    pub verdict: Verdict,
}

impl<'j, 'v, V: View + ?Sized> Batch<'j, 'v, V> {
    /// Judges on top of `view`; the first line that is appended will be number `next_line`.
    pub fn new(judge: &'j Judge<'j>, view: &'v V, next_line: u64) -> Self {
        Self { judge, view: Overlay::new(view), next_line, admitted: Vec::new() }
    }

    /// Judges these. What is admitted comes first, in the order in which it is to be appended: each
    /// is admitted on what stands before it.
    pub fn judge(mut self, candidates: Vec<Candidate>, verifier: &dyn Verify) -> Vec<Judged> {
        // Content rests on control of the same batch, and never the other way round.
        let (mut control, content): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|one| one.resource().kind().is_control());
        let mut rest = Vec::new();
        loop {
            let before = self.admitted.len();
            let judged = self.admit_each(control, verifier);
            let waits = |judged: &Judged| matches!(judged.verdict, Verdict::Waits(_));
            let (waiting, done): (Vec<_>, Vec<_>) = judged.into_iter().partition(waits);
            rest.extend(done);
            if self.admitted.len() == before {
                rest.extend(waiting);
                break;
            }
            // Something new is known: what waits is judged again.
            control = waiting.into_iter().map(|judged| judged.candidate).collect();
        }
        // Once is enough: content is the basis of nothing.
        let content = self.admit_each(content, verifier);
        self.admitted.into_iter().chain(rest).chain(content).collect()
    }

    /// Judges each, one after the other: gives back what is not admitted.
    fn admit_each(&mut self, candidates: Vec<Candidate>, verifier: &dyn Verify) -> Vec<Judged> {
        let each = candidates.into_iter();
        each.filter_map(|candidate| self.try_to_admit(candidate, verifier)).collect()
    }

    /// Judges one: gives it back unless it is admitted.
    fn try_to_admit(&mut self, mut candidate: Candidate, verifier: &dyn Verify) -> Option<Judged> {
        let verdict = self.judge.judge(&self.view, &mut candidate, verifier);
        let is_admitted = matches!(verdict, Verdict::Admit { .. });
        if is_admitted {
            // In the overlay only: whether the batch is kept is for the store to decide.
            self.view.admit(Fact::of(candidate.resource(), self.next_line));
            self.next_line = self.next_line.saturating_add(1);
        }
        let judged = Judged { candidate, verdict };
        if is_admitted {
            self.admitted.push(judged);
            None
        } else {
            Some(judged)
        }
    }
}
