//! Pictures that come with a folder of posts.

use super::{files, published};
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::pictures::png;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, bytes).expect("written");
}

/// What became of each file, as `action revision`.
fn told(report: &Value) -> Vec<String> {
    let files = report["files"].as_array().expect("files");
    let one = |file: &Value| format!("{} {}", file["action"].as_str().unwrap_or("?"), file["revision"]);
    files.iter().map(one).collect()
}

#[test]
fn pictures_come_with_their_posts_and_another_picture_is_another_revision() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let posts = dir.join("posts");
        write(&posts.join("a.md"), "---\ncover: cover.png\n---\n![x](pictures/a.png)\n");
        write(&posts.join("pictures/a.png"), png(1, 1));
        write(&posts.join("cover.png"), png(2, 1));
        let import = |args: &[&str]| {
            let args = [&["content", "import", "posts", "--output", "json"], args].concat();
            cli.run(&args).expect_code(0).json()
        };
        assert_eq!(told(&import(&["--dry-run"])), ["created 1"]);
        assert_eq!((published::shown(url), files(dir)), (vec![], vec![]), "a rehearsal leaves nothing");

        let created = import(&[]);
        assert_eq!(told(&created), ["created 1"]);
        assert_eq!(published::shown(url), [(1, vec![1, 2])]);
        assert_eq!(files(dir).len(), 2);
        let content = cli.json(&["content", "show", &created["files"][0]["content_id"].to_string()]);
        assert_eq!(
            (&content["cover"], &content["body"]),
            (&json!("cover.png"), &json!("![x](pictures/a.png)\n"))
        );
        assert_eq!(told(&import(&[])), ["unchanged 1"]);

        // Its text stays, its picture does not: what was approved, and may be out, shows the old one still.
        write(&posts.join("pictures/a.png"), png(3, 1));
        assert_eq!(told(&import(&["--dry-run"])), ["updated 2"]);
        assert_eq!(files(dir).len(), 2);
        assert_eq!(told(&import(&[])), ["updated 2"]);
        assert_eq!(published::shown(url), [(1, vec![1, 2]), (2, vec![2, 3])]);
        assert_eq!(told(&import(&[])), ["unchanged 2"]);

        write(&posts.join("a.md"), "![x](pictures/a.png) more\n");
        assert_eq!(told(&import(&[])), ["updated 3"]);
        assert_eq!(published::shown(url), [(1, vec![1, 2]), (2, vec![2, 3]), (3, vec![3])]);
        fs::remove_dir_all(&posts).expect("the folder goes");
        assert_eq!(files(dir).len(), 3, "and the pictures stay");
    });
}

/// Posts that were imported by a program that knew no pictures get theirs, without a new revision.
#[test]
fn posts_from_before_there_were_pictures_get_theirs() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        write(&dir.join("posts/a.md"), "![x](a.png)\n");
        write(&dir.join("posts/a.png"), png(1, 1));
        let import = || cli.run(&["content", "import", "posts", "--output", "json"]).expect_code(0).json();
        import();
        use diesel::connection::SimpleConnection;
        let mut conn = contenthub::db::connection::connect(url).expect("connected");
        conn.batch_execute("DELETE FROM content_media").expect("as it was then");
        assert_eq!(told(&import()), ["unchanged 1"]);
        assert_eq!(published::shown(url), [(1, vec![1])]);
    });
}

#[test]
fn a_post_whose_picture_cannot_be_kept_is_bad_and_nothing_is_imported() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        write(&dir.join("secret.png"), png(9, 9));
        write(&dir.join("posts/good.md"), "![x](good.png)\n");
        write(&dir.join("posts/good.png"), png(1, 1));
        write(&dir.join("posts/bad.md"), "# Bad\n\n![x](out.png)\n![x](lost.png)\n");
        symlink("../secret.png", dir.join("posts/out.png")).expect("linked");
        let refused = cli.run(&["content", "import", "posts"]).expect_code(2);
        for line in [
            "posts/bad.md:3: the picture “out.png” is outside the folder",
            "posts/bad.md:4: the picture “lost.png” is not there",
        ] {
            assert!(refused.stderr.contains(line), "{}", refused.stderr);
        }
        assert_eq!((published::shown(url), files(dir)), (vec![], vec![]));
        let chinese = cli.clone().env("LANG", "zh_CN.UTF-8").run(&["content", "import", "posts"]);
        assert!(chinese.stderr.contains("图片“out.png”在文件夹之外"), "{}", chinese.stderr);
        cli.run(&["content", "import", "posts", "--skip-bad"]).expect_code(3);
        assert_eq!(published::shown(url), [(1, vec![1])]);
        assert_eq!(files(dir).len(), 1, "of the bad one nothing is left");
    });
}
