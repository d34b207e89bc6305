//! Whatever is kept can be told in Chinese, and no English of ours stays in it.

use super::super::InChinese;
use super::{kept, kept_in};
use crate::domain::kept::database::KeptDatabase;
use crate::domain::kept::failure::KeptFailure;
use crate::domain::kept::import::KeptImport;
use crate::domain::kept::message::KeptMessage;
use crate::domain::kept::shut::KeptShut;
use crate::domain::kept::waiting::Waiting;
use crate::words::errors::chinese;
use crate::words::{Language, Value};

fn is_chinese(sign: char) -> bool {
    matches!(sign, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Words of small Latin letters one after another.
fn english(text: &str) -> Option<String> {
    let mut row: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let has_letters = word.bytes().any(|it| it.is_ascii_lowercase());
        if !has_letters || !word.bytes().all(|it| it.is_ascii_lowercase() || b",.;:'".contains(&it)) {
            row.clear();
            continue;
        }
        row.push(word);
        if row.len() > 3 {
            return Some(row.join(" "));
        }
    }
    None
}

fn hold(all: Vec<impl InChinese>) {
    assert!(all.len() > 50, "only {} samples", all.len());
    for one in all {
        let told = one.told(Language::Zh);
        assert!(told.chars().any(is_chinese), "{one} is told as {told}");
        assert_eq!(english(&told), None, "{one} is told as {told}");
        assert_eq!(one.told(Language::En), one.to_string());
    }
}

#[test]
fn whatever_is_kept_is_told_in_chinese() {
    hold(KeptMessage::samples());
    hold(KeptShut::samples());
    hold(KeptFailure::samples());
    hold(KeptDatabase::samples());
    hold(Waiting::samples());
    hold(KeptImport::samples());
    assert_eq!(english("其后 the end is near"), Some("the end is near".to_owned()));
}

#[test]
fn ours_is_told_and_theirs_is_left_as_it_is() {
    let told = |text: &str| kept_in(text, Language::Zh).map(|said| said.say(Language::Zh));
    let at = "1970-01-01T00:00:01.000000Z";
    let late = format!(
        "it was wanted {at}, and not out by {at}: account suspended: no quota; its last attempt: the receiver \
         refused the post: 422: the title is too long (an earlier attempt may have published it)"
    );
    let late_told = format!(
        "应于 {at} 发布，到 {at} 仍未发出：账号已暂停：no quota；最近一次尝试：接收端拒绝了内容：422：the title is too \
         long（之前的尝试可能已经发布）"
    );
    for (text, chinese) in [
        ("node n1 ended before this attempt did", Some("节点 n1 在此次尝试结束之前就已终止")),
        ("the platform's code panicked: on purpose", Some("平台的代码崩溃：on purpose")),
        (&late, Some(&*late_told)),
        ("a platform's own words", None),
    ] {
        assert_eq!(told(text).as_deref(), chinese, "{text}");
    }
    assert_eq!(kept_in("no end within 3 s", Language::En), None);
    assert_eq!(kept("theirs"), Value::Text("theirs".to_owned()));
    let ours = "the connection was refused";
    let chinese = Box::new(chinese("kept-connection-refused"));
    assert_eq!(kept(ours), Value::Either { english: ours.to_owned(), chinese });
}
