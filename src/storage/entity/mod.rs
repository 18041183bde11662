//! The tables that no other room names: the change feed, the jobs and the first answers, as sea-orm sees them. Private to this room.

pub(in crate::storage) mod act;
pub(in crate::storage) mod change_feed;
pub(in crate::storage) mod job;
