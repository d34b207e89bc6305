//! People move entries between slots: two swap, one goes forward and those before it make room.

use super::*;
use crate::support::app::{add, attempts};
use contenthub::LogStatus;
use contenthub::operations::slots::{Move, MoveEntry};

struct Slots {
    app: App,
    site: AccountId,
    at: Vec<Timestamp>,
}

impl Slots {
    /// An account with a slot a day, and entries in the first ones.
    fn with<const N: usize>(app: App, titles: [&str; N]) -> (Self, [EntryId; N]) {
        let site = account(&app, "site", "folder", json!({}));
        set_slots(&app, site, &["08:00"], "next");
        let ids = titles.map(|title| in_next_slot(&app, title, site));
        let at = calendar(&app, site, 10).into_iter().map(|(at, _)| at).collect();
        (Slots { app, site, at }, ids)
    }

    fn move_it(&self, id: EntryId, to: Move) -> Result<Vec<EntryId>, OperationError> {
        let moved = self.app.run(MoveEntry { id, to, by: "ann".to_owned() })?;
        Ok(moved.into_iter().map(|row| row.id).collect())
    }

    /// The entries sit in these slots, by number.
    #[track_caller]
    fn sit<const N: usize>(&self, ids: [EntryId; N], places: [usize; N]) {
        let found = ids.map(|id| slot(&self.app, id));
        let expected = places.map(|place| self.at[place]);
        assert_eq!(found, expected, "{places:?}");
    }
}

#[test]
fn two_swap_and_the_log_says_so() {
    on_both(|url, dir| {
        let (slots, [a, b, c]) = Slots::with(by_hand(url, dir).0, ["a", "b", "c"]);
        assert_eq!(slots.move_it(a, Move::SwapWith(c)).expect("swapped"), [a, c]);
        slots.sit([a, b, c], [2, 1, 0]);
        for (id, from, to) in [(a, 0, 2), (c, 2, 0)] {
            let row = attempts(&slots.app, id).pop().expect("a row");
            assert_eq!((row.status, row.error_code.as_deref()), (LogStatus::NotSent, Some("moved")));
            assert_eq!(row.said_by.as_deref(), Some("ann"));
            let said = row.error_message.unwrap_or_default();
            let words =
                format!("a person moved it from the slot {} to the slot {}", slots.at[from], slots.at[to]);
            assert_eq!(said, words);
        }
        assert_eq!(attempts(&slots.app, b), []);
    });
}

#[test]
fn one_goes_first_and_those_before_it_move_back_by_one_to_the_first_gap() {
    on_both(|url, dir| {
        let (slots, [a, b, c, d, e]) = Slots::with(by_hand(url, dir).0, ["a", "b", "c", "d", "e"]);
        assert_eq!(slots.move_it(d, Move::First).expect("moved"), [d, a, b, c]);
        slots.sit([d, a, b, c, e], [0, 1, 2, 3, 4]);
        // A gap takes the last of those that move back.
        slots.app.run(CancelEntry(b)).expect("cancelled");
        slots.move_it(e, Move::First).expect("moved");
        slots.sit([e, d, a, c], [0, 1, 2, 3]);
        assert_eq!(calendar(&slots.app, slots.site, 5)[4].1, None, "what it left is free");
        // What is in no slot yet pushes the others back to the first that is free.
        let plain = add(&slots.app, "plain", slots.site);
        slots.move_it(plain, Move::First).expect("moved");
        slots.sit([plain, e, d, a, c], [0, 1, 2, 3, 4]);
        let first = slots.move_it(plain, Move::First).expect_err("it is the first");
        assert!(first.to_string().contains("in the first slot already"), "{first}");
        // A free first slot is taken, and nobody has to move.
        slots.app.run(CancelEntry(plain)).expect("cancelled");
        assert_eq!(slots.move_it(c, Move::First).expect("moved"), [c]);
        slots.sit([c, e, d, a], [0, 1, 2, 3]);
    });
}

#[test]
fn one_goes_up_and_down() {
    on_both(|url, dir| {
        let (slots, [a, b, c]) = Slots::with(by_hand(url, dir).0, ["a", "b", "c"]);
        assert_eq!(slots.move_it(c, Move::Up).expect("moved"), [c, b]);
        slots.sit([a, c, b], [0, 1, 2]);
        assert_eq!(slots.move_it(a, Move::Down).expect("moved"), [a, c]);
        slots.sit([c, a, b], [0, 1, 2]);
        // Into free slots, alone.
        assert_eq!(slots.move_it(b, Move::Down).expect("moved"), [b]);
        slots.sit([c, a, b], [0, 1, 3]);
        assert_eq!(slots.move_it(b, Move::Up).expect("moved"), [b]);
        slots.sit([c, a, b], [0, 1, 2]);
        assert!(slots.move_it(c, Move::Up).is_err());
    });
}

#[test]
fn what_is_on_its_way_or_may_be_out_is_neither_moved_nor_made_to_move() {
    on_both(|url, dir| {
        let (slots, [a, b, c]) = Slots::with(by_hand(url, dir).0, ["a", "b", "c"]);
        let mut conn = connect(url).expect("connected");
        let publishing = "status = 'publishing', claimed_by = 'n1'";
        for (state, code) in [("unproven = TRUE", "maybe_published"), (publishing, "wrong_state")] {
            conn.batch_execute(&format!("UPDATE publish_pool SET {state} WHERE id = {b}")).expect("set");
            for (id, to) in [
                (b, Move::First),
                (b, Move::Up),
                (b, Move::Down),
                (b, Move::SwapWith(a)),
                (a, Move::SwapWith(b)),
            ] {
                let refused = slots.move_it(id, to).expect_err("fenced");
                assert_eq!(refused.code(), code, "{id} {to:?}: {refused}");
            }
            // The others go round it.
            slots.move_it(c, Move::First).expect("moved");
            slots.sit([c, a], [0, 2]);
            assert_eq!(slots.app.entry(b).expect("an entry").slot_at, Some(slots.at[1]));
            slots.move_it(a, Move::Up).expect("moved");
            slots.sit([a, c], [0, 2]);
            let plain = "status = 'pending', claimed_by = NULL, unproven = FALSE";
            conn.batch_execute(&format!("UPDATE publish_pool SET {plain} WHERE id = {b}")).expect("set");
        }
    });
}

#[test]
fn moves_are_asked_for_over_http_and_on_the_command_line() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let slots = json!({"slots": ["mon 09:00"]});
        let [blog, other] = ["blog", "other"].map(|name| product.account_with(name, slots.clone()));
        let add = |title: &str, account: i64, at: &str| {
            product
                .add(json!({"content_id": product.content(title), "account_id": account, "scheduled_at": at}))
        };
        let [a, b] = ["a", "b"].map(|title| add(title, blog, "next_slot"));
        let elsewhere = add("elsewhere", other, "next_slot");
        let far = add("far", blog, "2999-01-01T00:00:00Z");
        let at = |id: i64| product.entry(id)["slot_at"].clone();
        let [first, second] = [at(a), at(b)];
        let path = |id: i64| format!("/publish-pool/{id}/move");
        let moved = product.post(&path(a), &json!({"swap_with": b}), 200);
        has_fields(&moved, "items");
        has_fields(&moved["items"][0], ENTRY);
        assert_eq!((&moved["items"][0]["slot_at"], &moved["items"][1]["slot_at"]), (&second, &first));
        product.post(&path(a), &json!({"to": "up"}), 200);
        assert_eq!([at(a), at(b)], [first.clone(), second.clone()]);
        for (body, field) in [
            (json!({}), "to"),
            (json!({"to": "last"}), "to"),
            (json!({"to": "up", "swap_with": b}), "swap_with"),
            (json!({"swap_with": a}), "swap_with"),
            (json!({"swap_with": elsewhere}), "swap_with"),
        ] {
            let told = product.post(&path(a), &body, 422);
            assert_eq!(told["errors"][0]["field"], field, "{body}: {told:#}");
        }
        for body in [json!({"swap_with": far}), json!({"to": "up"})] {
            assert_eq!(product.post(&path(a), &body, 409)["code"], "wrong_state", "{body}");
        }
        product.post(&path(a), &json!({"swap_with": 999}), 404);
        let [a, b] = [a, b].map(|id| id.to_string());
        let run = |args: &[&str]| product.cli.json(&[&["publish-pool", "move"], args].concat());
        let done = run(&[&b, "--first"]);
        assert_eq!((&done["items"][0]["slot_at"], &done["items"][1]["slot_at"]), (&first, &second));
        assert_eq!(run(&[&b, "--down"])["items"][0]["slot_at"], second);
        assert_eq!(run(&[&b, "--to", &a])["items"][0]["slot_at"], first);
        assert_eq!(run(&[&a, "--up"])["items"][0]["slot_at"], first);
        product.cli.run(&["publish-pool", "move", &a]).expect_code(2);
        product.cli.run(&["publish-pool", "move", &a, "--up", "--down"]).expect_code(2);
    });
}
