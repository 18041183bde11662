//! The only DDL: migrations that go forward, never back, the same for SQLite and PostgreSQL.
//!
//! A migration that has been released is never edited; a change to the schema is a new one at the end of the list.

mod dialect;
mod m20261124_000001_records;
mod m20261124_000002_vendor_credits;
mod m20261124_000003_people_of_touchpoints;
mod m20261124_000004_attribution_runs;
mod m20261124_000005_acts;
mod m20261124_000006_reviews;

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

/// All migrations, in order.
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_records::Migration),
            Box::new(m20261124_000002_vendor_credits::Migration),
            Box::new(m20261124_000003_people_of_touchpoints::Migration),
            Box::new(m20261124_000004_attribution_runs::Migration),
            Box::new(m20261124_000006_reviews::Migration),
            Box::new(m20261124_000005_acts::Migration),
        ]
    }
}
