//! Who asks, and which rows they may learn of. Every use case takes a [`Viewer`], every question a [`Scope`].

/// The rows a viewer may learn of. It acts before grouping, so it binds rows, sums, shares and counts alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Reach);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Reach {
    Everything,
}

impl Scope {
    /// Every row.
    pub fn everything() -> Self {
        Self(Reach::Everything)
    }

    /// Whether no row is hidden.
    pub fn is_unrestricted(&self) -> bool {
        matches!(self.0, Reach::Everything)
    }
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Everything, roles and keys included.
    Admin,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Viewer {
    name: String,
    permission: Permission,
    scope: Scope,
}

impl Viewer {
    /// The caller on the loopback address while no sign-in is configured: ADMIN, named `local`.
    pub fn local() -> Self {
        Self { name: "local".into(), permission: Permission::Admin, scope: Scope::everything() }
    }

    /// How the audit log names this viewer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What they may do.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// The rows they may learn of.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}
