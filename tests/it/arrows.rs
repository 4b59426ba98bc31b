//! No circle between the parts of a crate: a part is a folder of its `src/`, or a file that stands beside them. Between
//! crates cargo allows none. `scripts/arrows` prints the layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each part imports, and one file that does.
type Arrows = BTreeMap<String, BTreeMap<String, PathBuf>>;

#[test]
fn all_arrows_point_down() {
    for crate_root in ["core/odoo/src", "core/src", "core/archive/src", "tools/src", "src"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_root);
        let arrows = arrows(&root);
        let layers = layers(&arrows).unwrap_or_else(|circle| panic!("{crate_root}: {circle}"));
        // What puts the parts together reads the environment for them.
        let reads = |(part, imports): (&String, &BTreeMap<_, _>)| {
            imports.contains_key("config") && !["app", "commands"].contains(&part.as_str())
        };
        assert!(crate_root != "src" || !arrows.iter().any(reads));
        println!("\n{crate_root}, from the ground up:");
        for (number, layer) in layers.iter().enumerate() {
            for part in layer {
                let imports: Vec<&str> = arrows[part].keys().map(String::as_str).collect();
                println!("{number:3}  {part:12} {}", imports.join(" "));
            }
        }
    }
}

#[test]
fn a_circle_is_found() {
    let root = tempfile::TempDir::new().unwrap();
    fs::create_dir_all(root.path().join("tasks/deep")).unwrap();
    let write = |file: &str, text: &str| fs::write(root.path().join(file), text).unwrap();
    write("lib.rs", "mod key; mod journal; mod tasks;");
    write("key.rs", "// crate::tasks is no arrow in a comment\npub struct Key(crate::Inner);");
    write("journal.rs", "use crate::{Inner, key::{Key, tasks}};");
    write("tasks/mod.rs", "use super::key::Key;\nfn f() -> crate::journal::Journal {}");
    assert_eq!(layers(&arrows(root.path())).unwrap(), [["key"], ["journal"], ["tasks"]]);
    for arrow in [
        "use crate::tasks;",
        "pub use crate::{\n    key::Key,\n    tasks::Task,\n};",
        "fn f(_: &mut super::tasks::Task) {}",
        "#[cfg(test)] mod tests { use super::super::tasks; }",
    ] {
        write("journal.rs", arrow);
        let circle = layers(&arrows(root.path())).unwrap_err();
        assert!(
            circle.contains("journal → tasks (journal.rs)") && circle.contains("tasks → journal"),
            "{circle}"
        );
    }
    write("journal.rs", "");
    write("tasks/deep/er.rs", "use super::super::super::journal;");
    write("journal.rs", "use crate::tasks;");
    assert!(layers(&arrows(root.path())).is_err());
}

fn arrows(root: &Path) -> Arrows {
    let mut sources = Vec::new();
    read(root, root, &mut sources);
    let part = |file: &Path| file.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
    let mut arrows: Arrows = sources.iter().map(|(file, _)| (part(file), BTreeMap::new())).collect();
    for (file, text) in &sources {
        let from = part(file);
        // How many `super`s lead to the root; in a module within the file one more.
        let depth = file.iter().count() - usize::from(file.ends_with("mod.rs"));
        let supers = [depth, depth + 1].map(|depth| "super::".repeat(depth));
        let ways = ["crate::", supers[0].as_str(), supers[1].as_str()];
        for to in ways.iter().flat_map(|way| imported(text, way)) {
            if to != from && arrows.contains_key(&to) {
                arrows.get_mut(&from).unwrap().entry(to).or_insert_with(|| file.clone());
            }
        }
    }
    arrows
}

/// Every file but the root, by its path below that, without comments and blanks.
fn read(root: &Path, folder: &Path, sources: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let file = path.strip_prefix(root).unwrap();
            if !["lib.rs", "main.rs"].map(Path::new).contains(&file) {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
                let code = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
                sources.push((file.to_owned(), code.replace("{ ", "{").replace(", ", ",")));
            }
        }
    }
}

/// The first names behind each `way` that is no part of a longer path: of `a::b` and of `{a::{b, c}, d}`.
fn imported(text: &str, way: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(way) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "_:".contains(c)) {
            continue;
        }
        let after = &text[at + way.len()..];
        let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(group) = after.strip_prefix('{') else {
            names.push(name(after));
            continue;
        };
        names.push(name(group));
        let mut depth = 1;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => names.push(name(&group[at + 1..])),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

/// Each part above all that it imports; else what imports itself, with the files.
fn layers(arrows: &Arrows) -> Result<Vec<Vec<String>>, String> {
    let (mut layers, mut placed) = (Vec::new(), BTreeSet::new());
    while placed.len() < arrows.len() {
        let left = arrows.iter().filter(|(part, _)| !placed.contains(*part));
        let (free, stuck): (Vec<_>, Vec<_>) =
            left.partition(|(_, imports)| imports.keys().all(|part| placed.contains(part)));
        if free.is_empty() {
            let arrow = |from: &String, (to, file): (&String, &PathBuf)| {
                format!("{from} → {to} ({})", file.display())
            };
            let left = |to: &String| !placed.contains(to);
            let circle = stuck.iter().flat_map(|(from, imports)| {
                imports.iter().filter(|(to, _)| left(to)).map(move |to| arrow(from, to))
            });
            return Err(format!("a circle among\n{}", circle.collect::<Vec<_>>().join("\n")));
        }
        let layer: Vec<String> = free.into_iter().map(|(part, _)| part.clone()).collect();
        placed.extend(layer.iter().cloned());
        layers.push(layer);
    }
    Ok(layers)
}
