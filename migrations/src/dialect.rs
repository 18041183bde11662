//! One script for both databases: what each spells differently.

use sea_orm_migration::sea_orm::DbBackend;

/// A script as the database reads it. Texts sort by bytes on both; ids are 16 bytes on both.
pub fn translated(script: &str, backend: DbBackend) -> String {
    match backend {
        DbBackend::Sqlite => script.replace(" UUID", " BLOB").replace(") CLUSTERED", ") WITHOUT ROWID"),
        _ => script.replace(" TEXT", " TEXT COLLATE \"C\"").replace(") CLUSTERED", ")"),
    }
}
