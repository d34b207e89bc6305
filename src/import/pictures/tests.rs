//! Folders with pictures in them, beside them, and nowhere.

use crate::domain::media::MediaKind;
use crate::import::{Pictures, Reading, read_as};
use crate::media::Store;
use image::{DynamicImage, ImageFormat};
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use std::path::Path;

fn png(width: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, 1).write_to(&mut bytes, ImageFormat::Png).expect("drawn");
    bytes.into_inner()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, bytes).expect("written");
}

type Outcome = Result<Vec<(String, u32)>, Vec<String>>;

/// What became of each file: its pictures with their widths, or what is wrong.
fn read(dir: &Path, pictures: Pictures<'_>) -> Vec<Outcome> {
    let reading = Reading { zone: chrono_tz::UTC, recursive: true, settled_at: None };
    let folder = read_as(dir, reading, pictures, &mut |_, _| ()).expect("read");
    let outcomes = folder.files.into_iter().map(|file| match file.outcome {
        Ok(file) => Ok(file.pictures.iter().map(|it| (it.source.clone(), it.received.facts.width)).collect()),
        Err(problems) => Err(problems.iter().map(|problem| problem.told_of("f")).collect()),
    });
    outcomes.collect()
}

fn found(sources: &[(&str, u32)]) -> Outcome {
    Ok(sources.iter().map(|(source, width)| ((*source).to_owned(), *width)).collect())
}

#[test]
fn pictures_are_found_beside_their_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let posts = dir.path().join("posts");
    for (name, width) in [("a.png", 1), ("b/deep.png", 2), ("my cat.png", 3), ("图.png", 4), ("20%25.png", 5)]
    {
        write(&posts.join(name), &png(width));
    }
    symlink("../a.png", posts.join("b/linked.png")).expect("linked");
    write(
        &posts.join("a.md"),
        b"---\ncover: b/deep.png\n---\n![x](a.png) ![x](a.png) <img src=\"./a.png\">\n\n![x](my%20cat.png)\n",
    );
    write(&posts.join("b/b.md"), "![](../a.png) ![](linked.png) ![](../图.png) ![](../20%25.png)".as_bytes());
    write(
        &posts.join("c.md"),
        b"---\ncover: https://a.example/c.png\n---\n![](https://a.example/a.png) ![](/images/a.png) ![](//a.example/a) \
          ![](media:0123456789ab) ![](data:image/png;base64,x) `![](code.png)`\n",
    );
    let wanted = [
        found(&[("a.png", 1), ("./a.png", 1), ("my%20cat.png", 3), ("b/deep.png", 2)]),
        found(&[("../a.png", 1), ("linked.png", 1), ("../图.png", 4), ("../20%25.png", 5)]),
        found(&[]),
    ];
    assert_eq!(read(&posts, Pictures::Looked), wanted);
    let store = Store::at(dir.path().join("media"));
    assert_eq!(read(&posts, Pictures::Taken(&store)), wanted);
    let left = fs::read_dir(dir.path().join("media/incoming")).expect("a folder").count();
    assert_eq!(left, 0, "what is not imported leaves nothing");
}

#[test]
fn what_is_wrong_with_a_picture_is_told_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let posts = dir.path().join("posts");
    write(&dir.path().join("outside.png"), &png(1));
    write(&posts.join("text.png"), b"no picture");
    symlink("../outside.png", posts.join("out.png")).expect("linked");
    symlink("/etc/passwd", posts.join("passwd.png")).expect("linked");
    let body = "---\ncover: nowhere.png\n---\n\n# Hello\n\n![](../outside.png)\n![](out.png)\n![](passwd.png)\n\
                ![](lost.png)\n![](text.png)\n![](sub)\n";
    write(&posts.join("a.md"), body.as_bytes());
    fs::create_dir(posts.join("sub")).expect("made");
    let wanted = [
        "f:2: the picture “nowhere.png” is not there",
        "f:7: the picture “../outside.png” is outside the folder",
        "f:8: the picture “out.png” is outside the folder",
        "f:9: the picture “passwd.png” is outside the folder",
        "f:10: the picture “lost.png” is not there",
        "f:11: the picture “text.png” is none: PNG, JPEG, GIF and WebP are taken",
        "f:12: the picture “sub” is not there",
    ];
    let told = read(&posts, Pictures::Looked).remove(0).expect_err("bad");
    assert_eq!(told, wanted);
}

/// As a camera names it: what counts is what it holds.
#[test]
fn a_picture_is_what_it_holds_and_not_what_it_is_called() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("a.jpg"), &png(7));
    write(&dir.path().join("a.md"), b"![](a.jpg)");
    let reading = Reading { zone: chrono_tz::UTC, recursive: true, settled_at: None };
    let folder = read_as(dir.path(), reading, Pictures::Looked, &mut |_, _| ()).expect("read");
    let file = folder.files[0].outcome.as_ref().expect("a good file");
    assert_eq!(file.pictures[0].received.facts.kind, MediaKind::Png);
}
