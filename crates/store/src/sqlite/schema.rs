//! The migrations, embedded in the order of their numbers.
//!
//! Deliberately absent: a way back. An older binary refuses a newer database; restore a copy.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// `migrations/sqlite`, whole.
const FILES: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../../../migrations/sqlite/0001_first.sql")),
    (2, "size", include_str!("../../../../migrations/sqlite/0002_size.sql")),
    (3, "effort", include_str!("../../../../migrations/sqlite/0003_effort.sql")),
];

/// Brings a database from any earlier version to this one.
pub(super) fn migrator() -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let embedded: Vec<_> =
            FILES.iter().map(|(version, name, _)| format!("{version:04}_{name}.sql")).collect();
        assert_eq!(files, embedded, "FILES is migrations/sqlite");
    }
}
