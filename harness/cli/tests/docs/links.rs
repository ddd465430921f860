//! Links between pages: the file is there, and so is the heading.

use std::fs;

use super::{page_files, root};

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut followed = 0;
    for page in page_files() {
        let text = fs::read_to_string(&page).expect("the page is there");
        for target in targets(&text).filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = page.parent().expect("it is in a folder");
            let path = if file.is_empty() { page.clone() } else { folder.join(file) };
            assert!(path.exists(), "{}: `{target}` leads nowhere", page.display());
            if !heading.is_empty() {
                let there = fs::read_to_string(&path).expect("a page");
                assert!(anchors(&there).any(|anchor| anchor == heading), "{}: `{target}`", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed} links were found");
}

#[test]
fn every_page_is_in_the_index() {
    let index = fs::read_to_string(root().join("docs/README.md")).expect("the index");
    for entry in fs::read_dir(root().join("docs")).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        assert!(
            !name.ends_with(".md") || name == "README.md" || index.contains(&format!("]({name})")),
            "{name} is not in the index"
        );
    }
}

/// What the links of a page name.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The names by which headings are linked to.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(|heading| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
    })
}

#[test]
fn headings_are_linked_to_as_on_the_web() {
    assert!(anchors("# A\n## Test your own: `x`\n").eq(["a", "test-your-own-x"]));
    assert!(targets("[a](b.md) and [c](d.md#e)").eq(["b.md", "d.md#e"]));
}
