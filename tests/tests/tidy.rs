//! Tidiness: rules about the repository that no compiler knows.
//!
//! Each rule reads files as text and names what breaks it. Deliberately absent: style that rustfmt
//! and clippy see to.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pixeldrive_tests::root;

/// Lines of a source file. A file outgrows one subject before it outgrows this.
const LINES_MAX: usize = 900;
/// Files over [`LINES_MAX`], with the lines they may have. A number may fall, never rise.
const LONG_FILES: &[(&str, usize)] = &[];

/// What each crate may import of the project (`ARCHITECTURE.md`, code map). `cli`, `tests` and
/// `benches` put things together, so they are free.
const PROJECT_IMPORTS: &[(&str, &[&str])] = &[
    ("crates/model", &[]),
    ("crates/fonts", &["model"]),
    ("crates/render", &["fonts", "model", "shaders"]),
    ("crates/store", &["model"]),
    ("crates/blobs", &["model"]),
    ("proto", &["model"]),
    ("shaders", &[]),
    ("gateway", &["fonts", "model", "proto", "store", "blobs"]),
    ("gpu-worker", &["model", "proto", "render", "blobs"]),
    ("fuzz", &["fonts", "model", "render"]),
];

/// What each crate must not import of others.
const FOREIGN_IMPORTS: &[(&str, &[&str])] = &[
    (
        "crates/model",
        &["tokio", "axum", "tonic", "prost", "sqlx", "wgpu", "vello_cpu", "vello_gpu", "parley"],
    ),
    ("crates/fonts", &["tokio", "axum", "tonic", "sqlx", "reqwest", "parley", "vello_cpu"]),
    ("crates/render", &["tokio", "axum", "tonic", "sqlx", "reqwest"]),
    ("crates/store", &["axum", "tonic", "wgpu", "http", "reqwest"]),
    ("crates/blobs", &["sqlx", "axum", "tonic"]),
    ("proto", &["axum", "sqlx", "wgpu"]),
    ("gateway", &["wgpu", "vello_cpu", "vello_gpu", "parley", "sqlx"]),
    ("gpu-worker", &["sqlx", "axum"]),
    ("cli", &["sqlx", "wgpu", "vello_cpu", "vello_gpu", "parley", "tonic", "axum"]),
];

/// Every rule as what breaks it.
fn check(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_map_and_the_tree_agree() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named: BTreeSet<_> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(folder, _)| folder.trim_end_matches('/').to_owned())
        .collect();
    let mut there = BTreeSet::new();
    for folder in folders(&root()) {
        if folder == "crates" {
            let crates = folders(&root().join("crates"));
            there.extend(crates.into_iter().map(|name| format!("crates/{name}")));
        } else {
            there.insert(folder);
        }
    }
    let missing =
        there.difference(&named).map(|name| format!("ARCHITECTURE.md does not name {name}"));
    let gone =
        named.difference(&there).map(|name| format!("ARCHITECTURE.md names {name}: it is gone"));
    check(&missing.chain(gone).collect::<Vec<_>>());
}

#[test]
fn files_stay_short() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        let known = LONG_FILES.iter().find(|(name, _)| *name == path).map(|(_, lines)| *lines);
        let lines_max = known.unwrap_or(LINES_MAX);
        if lines > lines_max {
            broken.push(format!("{path} has {lines} lines; at most {lines_max}: split it"));
        } else if known.is_some() && lines < lines_max {
            broken.push(format!("{path} has {lines} lines now: lower its number in LONG_FILES"));
        }
    }
    check(&broken);
}

#[test]
fn files_say_what_they_are() {
    let silent = sources().into_iter().filter(|(path, text)| {
        let build = path.ends_with("build.rs");
        !build && !text.starts_with("//!")
    });
    check(&silent.map(|(path, _)| format!("{path} does not open with //!")).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not break its own rule.
    let banned = [("TO", "DO"), ("FIX", "ME"), ("XX", "X")].map(|(a, b)| format!("{a}{b}"));
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for (index, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.into_iter().any(|word| banned.iter().any(|banned| banned == word)) {
                broken.push(format!("{path}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    check(&broken);
}

#[test]
fn every_golden_case_has_its_picture() {
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files(&root().join("tests/golden")) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        cases.entry(name).or_default().push(ending);
    }
    let odd = cases.into_iter().filter_map(|(name, mut endings)| {
        endings.sort();
        (endings != ["json", "png"]).then(|| format!("tests/golden/{name} has only {endings:?}"))
    });
    check(&odd.collect::<Vec<_>>());
}

#[test]
fn every_fixture_is_used() {
    let texts: Vec<String> = files(&root().join("tests"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "json" || ending == "rs"))
        .map(|path| fs::read_to_string(path).expect("text"))
        .collect();
    let dead = files(&root().join("tests/fixtures")).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let used = texts.iter().any(|text| text.contains(&name));
        // A note on where the others come from is for people.
        (!used && name != "README.md").then(|| format!("tests/fixtures/{name} is used by no test"))
    });
    check(&dead.collect::<Vec<_>>());
}

#[test]
fn crates_import_what_they_may() {
    let mut broken = Vec::new();
    for (folder, allowed) in PROJECT_IMPORTS {
        for import in imports(folder) {
            if let Some(name) = import.strip_prefix("pixeldrive-")
                && !allowed.contains(&name)
            {
                broken.push(format!("{folder} imports {import}"));
            }
        }
    }
    for (folder, banned) in FOREIGN_IMPORTS {
        let imports = imports(folder);
        let found = banned.iter().filter(|name| imports.iter().any(|import| import == *name));
        broken.extend(found.map(|name| format!("{folder} imports {name}")));
    }
    check(&broken);
}

#[test]
fn every_crate_has_the_shared_lints() {
    let manifests = files(&root()).into_iter().filter(|path| path.ends_with("Cargo.toml"));
    let without = manifests.filter_map(|path| {
        let text = fs::read_to_string(&path).expect("a manifest");
        let shared = text.contains("[workspace]") || text.contains("[lints]\nworkspace = true");
        (!shared).then(|| format!("{} lacks [lints] workspace = true", relative(&path)))
    });
    check(&without.collect::<Vec<_>>());
}

/// The names under `[dependencies]` and `[build-dependencies]`: tests may import more.
fn imports(folder: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
    let mut counted = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            counted = matches!(section, "dependencies]" | "build-dependencies]");
        } else if counted && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    names
}

/// The Rust files of the project with their texts, by path from the root.
fn sources() -> BTreeMap<String, String> {
    let paths = files(&root()).into_iter();
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| (relative(&path), fs::read_to_string(&path).expect("text")))
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// The folders in a folder, hidden ones and what git ignores left out.
fn folders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir() && is_ours(&entry.path()));
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Every file of the project.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if !is_ours(&path) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Whether a path is part of the project: neither hidden nor ignored by git.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore");
    let path = format!("/{}", relative(path));
    !name.starts_with('.') && !ignored.lines().any(|line| line == path || line == name)
}
