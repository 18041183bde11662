//! Who asks.

use async_graphql::{Enum, Object};
use pipewright_core::viewer;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "viewer::Permission")]
pub enum Permission {
    /// Everything, roles and keys included.
    Admin,
}

/// The caller of this request.
pub struct Viewer(pub viewer::Viewer);

/// The caller of this request, and what they may do.
#[Object]
impl Viewer {
    /// The name under which acts of this caller are recorded; `local` while no sign-in is configured.
    async fn name(&self) -> &str {
        self.0.name()
    }

    /// What the caller may do.
    async fn permission(&self) -> Permission {
        self.0.permission().into()
    }

    /// Whether every row can be seen. False where rows outside the caller's scope are hidden, from lists and sums alike.
    async fn sees_everything(&self) -> bool {
        self.0.scope().is_unrestricted()
    }
}
