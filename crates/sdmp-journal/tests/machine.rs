//! One machine alone: what it is told and what it wishes, with a guide that says what a test needs.

mod desk;
mod fetching;
mod telling;
mod wants;
