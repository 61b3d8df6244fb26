//! The real router over a real store and folder of blobs, with a worker that follows a script.

mod api;
mod batch;
mod font;
mod image;
mod refusal;
mod render;
mod schema;
mod template;
