//! A report as text for a terminal, as JSON, and as a page of HTML.

pub mod html;
pub mod json;
mod pretty;
pub mod text;
