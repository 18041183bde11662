//! Entries that follow from versions, and the flow (the waterfall) beside them.
