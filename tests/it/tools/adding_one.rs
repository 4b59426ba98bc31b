//! What `docs/ADDING_A_TOOL.md` shows is what is built.

use std::path::Path;

#[test]
fn what_the_page_shows_is_what_is_built() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/ADDING_A_TOOL.md")).unwrap();
    let mut blocks = page.split("\n```rust,file=").skip(1).peekable();
    assert!(blocks.peek().is_some(), "the page shows no code");
    for block in blocks {
        let (file, rest) = block.split_once('\n').unwrap();
        let (shown, _) = rest.split_once("\n```\n").unwrap();
        let built = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(built.contains(shown), "{file} is not as the page shows it:\n{shown}");
    }
}
