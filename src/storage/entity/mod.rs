//! The tables that no other room names: the change feed and the jobs, as sea-orm sees them. Private to this room.

pub(in crate::storage) mod change_feed;
pub(in crate::storage) mod job;
