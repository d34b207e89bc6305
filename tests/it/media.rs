//! Pictures: uploaded and shown over HTTP and on the command line, shown by contents, pruned, remembered as uploaded.

mod imported;
mod pruned;
mod published;
mod shown;

use crate::support::on_both;
use crate::support::pictures::{drawn, form, png, upload};
use crate::support::product::*;
use image::ImageFormat;
use serde_json::{Value, json};
use std::path::Path;

const MEDIA: &str = "id, address, sha256, kind, bytes, width, height, name, unused_since, created_at";

/// Every file of the media folder, by its name.
fn files(dir: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![dir.join("data/media")]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => open.push(entry.path()),
                false => found.push(entry.file_name().to_string_lossy().into_owned()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_picture_is_uploaded_once_shown_as_it_was_and_deleted() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let bytes = drawn(ImageFormat::Jpeg, 30, 20);
        // What it is called says nothing.
        let made = upload(&product.server, "..\\holiday/图.png", &bytes, &[]).expect_status(201).body;
        has_fields(&made, MEDIA);
        let (id, hash) = (id(&made), made["sha256"].as_str().expect("a hash").to_owned());
        assert_eq!(
            (&made["kind"], &made["width"], &made["height"]),
            (&json!("jpeg"), &json!(30), &json!(20))
        );
        assert_eq!((&made["bytes"], &made["name"]), (&json!(bytes.len()), &json!("图.png")));
        assert_eq!(made["address"], format!("media:{}", &hash[..16]));
        assert_eq!(files(dir), [hash.as_str()]);

        // The same file is the same picture, under whatever name, and however often.
        let again = upload(&product.server, "b.png", &bytes, &[]).expect_status(201).body;
        assert_eq!(again, made);
        assert_eq!(product.get("/media")["total"], 1);
        assert_eq!(product.get(&format!("/media/{id}")), made);
        assert_eq!(files(dir), [hash.as_str()]);

        let shown = product.server.get(&format!("/api/v1/media/{id}/file")).expect_status(200);
        let header = |name: &str| shown.headers.get(name).map(String::as_str).unwrap_or_default().to_owned();
        assert_eq!(header("content-type"), "image/jpeg");
        assert_eq!(header("content-length"), bytes.len().to_string());
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(shown.text, String::from_utf8_lossy(&bytes));

        product.delete(&format!("/media/{id}"), 204);
        product.delete(&format!("/media/{id}"), 404);
        assert_eq!(files(dir), Vec::<String>::new());
        assert_eq!(product.get("/media")["total"], 0);
        let anew = upload(&product.server, "b.png", &bytes, &[]).expect_status(201).body;
        assert_ne!(anew["id"], made["id"], "ids are never used again");
    });
}

#[test]
fn what_is_no_picture_or_no_form_is_refused_and_leaves_nothing() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let server = &product.server;
        let svg = upload(server, "a.png", b"<svg onload=alert(1)/>", &[]).expect_status(422).body;
        assert_eq!(svg["code"], "invalid");
        let told = "the picture “a.png” is none: PNG, JPEG, GIF and WebP are taken";
        assert_eq!(svg["errors"], json!([{"field": "file", "message": told}]));
        let cut = upload(server, "a.png", &png(9, 9)[..25], &[]).expect_status(422).body;
        assert!(cut["detail"].as_str().is_some_and(|it| it.contains("begins as png")), "{cut}");
        let over = vec![0; 20 * 1024 * 1024 + 1];
        assert_eq!(upload(server, "a.png", &over, &[]).expect_status(413).body["code"], "body_too_large");

        let (kind, other) = form("picture", "a.png", &png(1, 1));
        let missing = server.send("POST", "/api/v1/media", &[("content-type", &kind)], &other);
        let missing = missing.expect_status(422).body;
        assert_eq!(missing["errors"], json!([{"field": "file", "message": "is missing"}]));
        let (_, whole) = form("file", "a.png", &png(1, 1));
        for (headers, body) in [
            (&[("content-type", "application/json")][..], &b"{}"[..]),
            (&[("content-type", "multipart/form-data")], &whole),
            (&[], &whole),
            (&[("content-type", &kind)], &whole[..whole.len() / 2]),
        ] {
            let refused = server.send("POST", "/api/v1/media", headers, body).expect_status(400).body;
            assert_eq!(refused["code"], "bad_body", "{headers:?}");
        }
        let packed = [("content-type", kind.as_str()), ("content-encoding", "gzip")];
        server.send("POST", "/api/v1/media", &packed, &whole).expect_status(415);
        assert_eq!(product.get("/media")["total"], 0);
        assert_eq!(files(dir), Vec::<String>::new());
        // The largest that is taken: 20 MiB, whatever the limit on other bodies.
        let mut largest = png(1, 1);
        largest.resize(20 * 1024 * 1024, 0);
        upload(server, "a.png", &largest, &[]).expect_status(201);
    });
}

#[test]
fn a_request_that_is_sent_again_with_its_key_is_answered_as_at_first() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let key = [("idempotency-key", "one")];
        let first = upload(&product.server, "a.png", &png(2, 2), &key).expect_status(201);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let again = upload(&product.server, "a.png", &png(2, 2), &key).expect_status(201);
        assert_eq!(again.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
        assert_eq!(again.body, first.body);
        let other = upload(&product.server, "a.png", &png(3, 3), &key).expect_status(422).body;
        assert_eq!(other["code"], "idempotency_key_reused");
    });
}

#[test]
fn a_text_shows_a_picture_by_its_address_and_keeps_it() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let made = upload(&product.server, "a.png", &png(4, 4), &[]).expect_status(201).body;
        let (picture, address) = (id(&made), made["address"].as_str().expect("an address").to_owned());
        let body = format!("![x]({address}) and ![y](https://a.example/b.png)");
        let content = product.post("/contents", &json!({"title": "a", "body": body}), 201);
        assert_eq!(content["body"], body, "the text stays as it was written");
        let content = id(&content);
        let refused = product.delete(&format!("/media/{picture}"), 409).body;
        assert_eq!(refused["code"], "wrong_state");
        assert_eq!(refused["state"], format!("shown by contents {content}"));
        // Its first revision still shows it.
        product.patch(&format!("/contents/{content}"), &json!({"body": "no more"}), 200);
        product.delete(&format!("/media/{picture}"), 409);
        product.delete(&format!("/contents/{content}"), 204);
        product.delete(&format!("/media/{picture}"), 204);

        let wrong = |body: Value, field: &str, says: &str| {
            let told = product.post("/contents", &body, 422);
            assert_eq!(told["errors"][0]["field"], field, "{told}");
            let message = told["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(message.contains(says), "{told}");
        };
        wrong(json!({"title": "a", "body": format!("![]({address})")}), "body", "is not kept here");
        wrong(json!({"title": "a", "body": "", "cover": "media:0123456789ab"}), "cover", "is not kept here");
        wrong(json!({"title": "a", "body": "![](media:7)"}), "body", "is no address of a picture");
        assert_eq!(product.get("/contents")["total"], 0);
        // In words, or in code, it is no picture.
        let words = "media:7 and `![](media:7)`";
        product.post("/contents", &json!({"title": "a", "body": words}), 201);
    });
}

#[test]
fn a_revision_shows_what_the_one_before_it_did_as_long_as_its_text_does() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let add = |size| upload(&product.server, "a.png", &png(size, 1), &[]).expect_status(201).body;
        let (one, two) = (add(1), add(2));
        let address = |made: &Value| made["address"].as_str().expect("an address").to_owned();
        let body = format!("![]({}) ![]({})", address(&one), address(&two));
        let content = id(&product.post("/contents", &json!({"title": "a", "body": body}), 201));
        let path = format!("/contents/{content}");
        product.patch(&path, &json!({"title": "b"}), 200);
        let body = format!("![]({})", address(&two));
        product.patch(&path, &json!({"body": body, "cover": address(&one)}), 200);
        product.patch(&path, &json!({"cover": null}), 200);
        assert_eq!(
            published::shown(url),
            [(1, vec![1, 2]), (2, vec![1, 2]), (3, vec![1, 2]), (4, vec![2])],
            "by revision, the widths of its pictures"
        );
    });
}

#[test]
fn the_command_line_does_the_same_beside_a_server() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        std::fs::write(dir.join("a.png"), png(5, 6)).expect("written");
        std::fs::write(dir.join("b.txt"), b"text").expect("written");
        let added = product.cli.run(&["media", "add", "a.png"]).expect_code(0);
        let shown = product.get("/media")["items"][0].clone();
        assert_eq!(added.stdout.trim(), shown["address"].as_str().expect("an address"));
        assert!(added.stderr.contains("(png, 5 × 6) is kept"), "{}", added.stderr);
        let again = product.cli.run(&["media", "add", "a.png"]).expect_code(0);
        assert!(again.stderr.contains("was kept already"), "{}", again.stderr);
        assert_eq!(product.cli.json(&["media", "show", "1"]), shown);
        assert_eq!(product.cli.json(&["media", "list"])["total"], 1);
        let refused = product.cli.run(&["media", "add", "b.txt"]).expect_code(2);
        assert!(refused.stderr.contains("PNG, JPEG, GIF and WebP are taken"), "{}", refused.stderr);
        let chinese = product.cli.clone().env("LANG", "zh_CN.UTF-8");
        let refused = chinese.run(&["media", "add", "b.txt"]).expect_code(2);
        assert!(refused.stderr.contains("只接受 PNG、JPEG、GIF 和 WebP"), "{}", refused.stderr);
        product.cli.run(&["media", "add", "nowhere.png"]).expect_code(2);
        product.cli.ok(&["media", "delete", "1"]);
        product.cli.run(&["media", "delete", "1"]).expect_code(1);
        assert_eq!(files(dir), Vec::<String>::new());
    });
}
