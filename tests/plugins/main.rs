//! Plug-ins as files: components built from source, hostile ones among them.

#![allow(clippy::unwrap_used)]

mod author;
mod build;
mod failures;
mod folder;
mod hostile;
mod same_money;
