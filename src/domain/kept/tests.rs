//! What is written is read back as it was, whatever stands in it; and what others write is found.

use super::database::KeptDatabase;
use super::failure::KeptFailure;
use super::import::KeptImport;
use super::message::KeptMessage;
use super::shut::KeptShut;
use super::waiting::Waiting;
use crate::domain::account::ClosedByWord;
use crate::domain::clock::Timestamp;
use crate::domain::gates::{Gate, Shut};
use crate::domain::outbound::OutboundAllow;
use crate::domain::pause::Paused;
use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::time::Duration;

fn read_back<T: Debug + Display + PartialEq>(
    read: fn(&str) -> Option<T>,
    samples: Vec<T>,
    of_its_own_template: Vec<(T, &'static str)>,
) {
    assert!(samples.len() > 50, "only {} samples", samples.len());
    for one in samples {
        assert_eq!(read(&one.to_string()), Some(one));
    }
    for (one, template) in of_its_own_template {
        let text = one.to_string();
        // Where it cannot be read it is told as it was kept; never as something else.
        let told = read(&text).map_or_else(|| text.clone(), |read| read.to_string());
        assert_eq!(told, text, "a value says what the template says: {template}");
    }
}

#[test]
fn what_is_kept_is_read_back_whatever_it_tells() {
    read_back(KeptMessage::read, KeptMessage::samples(), KeptMessage::of_its_own_template());
    read_back(KeptShut::read, KeptShut::samples(), KeptShut::of_its_own_template());
    read_back(KeptFailure::read, KeptFailure::samples(), KeptFailure::of_its_own_template());
    read_back(KeptDatabase::read, KeptDatabase::samples(), KeptDatabase::of_its_own_template());
    read_back(Waiting::read, Waiting::samples(), Waiting::of_its_own_template());
    read_back(KeptImport::read, KeptImport::samples(), KeptImport::of_its_own_template());
}

#[test]
fn what_is_nearly_ours_is_not_ours() {
    for text in [
        "",
        "the connection was refused.",
        "The connection was refused",
        "no end within 007 s",
        "no end within -1 s",
        "the receiver answered 404: 你好",
        "the receiver answered 70000: it failed there",
        "it was wanted yesterday, and not out by 1970-01-01T00:00:00.000000Z",
        "it was wanted 1970-01-01T00:00:00Z, and not out by 1970-01-01T00:00:00.000000Z",
        "somebody said; its last attempt: nothing",
    ] {
        assert_eq!(super::Kept::read(text), None, "{text}");
    }
}

#[test]
fn around_a_message_stands_what_was_said_of_it() {
    let (wanted, late) = (Timestamp::from_micros(0), Timestamp::from_micros(60_000_000));
    let shut = KeptShut::Suspended { reason: "the quota; its end, (soon)".to_owned() }.to_string();
    let error = KeptMessage::WaitsForAccount { said: KeptMessage::SecretUseless.to_string() }.to_string();
    let said =
        KeptMessage::LastAttempt { said: Box::new(KeptMessage::TooLateShut { wanted, late, shut }), error };
    let whole = KeptMessage::MaybeOut { said: said.to_string() };
    assert_eq!(KeptMessage::read(&whole.to_string()), Some(whole));
    assert_eq!(KeptMessage::read(&said.to_string()), Some(said));
}

/// The sentences of other types that are kept have a template here, too.
#[test]
fn what_keeps_a_lane_shut_is_read_back() {
    let (since, until) = (Timestamp::from_micros(1), Timestamp::from_micros(2));
    let suspended = |until| ClosedByWord::Suspended { reason: "额度: used".to_owned(), until };
    let shut = |gate, until| Shut { gate, until }.to_string();
    let paused = |reason: Option<&str>| {
        let paused = Paused { since, by: "cli:me".to_owned(), reason: reason.map(str::to_owned) };
        format!("paused: {paused}")
    };
    for text in [
        ClosedByWord::Disabled.to_string(),
        suspended(None).to_string(),
        suspended(Some(until)).to_string(),
        shut(Gate::AskedToWait, Some(until)),
        shut(Gate::Breaker { since }, Some(until)),
        Gate::Breaker { since }.to_string(),
        shut(Gate::Window, Some(until)),
        shut(Gate::Window, None),
        shut(Gate::DailyCap(3), Some(until)),
        shut(Gate::Spacing(Duration::from_secs(90)), Some(until)),
        paused(None),
        paused(Some("午饭: 一小时")),
    ] {
        assert_eq!(KeptShut::read(&text).map(|read| read.to_string()), Some(text));
    }
}

#[test]
fn an_address_that_is_refused_is_read_back() {
    let address = IpAddr::from([169, 254, 169, 254]);
    for host in ["169.254.169.254", "metadata.example"] {
        let refused = OutboundAllow::default().judge(host, address).expect_err("closed").to_string();
        let said = KeptMessage::read(&refused).expect("a sentence of ours");
        assert_eq!(matches!(said, KeptMessage::NameRefused { .. }), host.ends_with("example"), "{said:?}");
        assert_eq!(said.to_string(), refused);
    }
}
