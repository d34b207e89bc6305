//! A claim is acted on only while it is trusted, by the larger of what two clocks say has passed.

use super::*;

/// A platform by which a test lets time pass between a claim and its attempt, and between two steps.
struct Slow {
    clock: Arc<SteppedClock>,
    claim_is_old: Arc<AtomicBool>,
    /// Then only the clock since boot has gone on, else both.
    wall_stands: Arc<AtomicBool>,
    in_steps: bool,
    /// How often each step was done.
    steps: Arc<[AtomicU32; 2]>,
    done: Arc<Mutex<Vec<&'static str>>>,
}

impl Platform for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn about(&self) -> &'static str {
        "Takes its time."
    }

    fn settings_schema(&self) -> Value {
        json!({"type": "object"})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    /// Asked while the claim is under way to be committed.
    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        if self.claim_is_old.swap(false, Ordering::SeqCst) {
            pass_time(&self.clock, self.wall_stands.load(Ordering::SeqCst));
        }
        DeliveryClass::Blind
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn has_steps(&self) -> bool {
        self.in_steps
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        let (clock, steps, done, in_steps) =
            (self.clock.clone(), self.steps.clone(), self.done.clone(), self.in_steps);
        async move {
            if !in_steps {
                done.lock().expect("nobody panics with it").push("sent");
                return Seen::Accepted(Receipt::default());
            }
            let first = call.journal.repeatable("first", || async {
                steps[0].fetch_add(1, Ordering::SeqCst);
                clock.forward(TOO_LONG);
                Ok(json!(1))
            });
            if let Err(seen) = first.await {
                return seen;
            }
            let second = call.journal.irreversible("second", || async {
                steps[1].fetch_add(1, Ordering::SeqCst);
                Ok(json!(2))
            });
            second.await.map_or_else(|seen| seen, |_| Seen::Accepted(Receipt::default()))
        }
        .boxed_local()
    }
}

fn pass_time(clock: &SteppedClock, wall_stands: bool) {
    clock.forward(TOO_LONG);
    if wall_stands {
        clock.set_by(-i64::try_from(TOO_LONG.as_secs()).expect("seconds"));
    }
}

fn with_slow(url: &DatabaseUrl, dir: &Path, in_steps: bool) -> (App, Slow) {
    let clock = Arc::new(SteppedClock::new());
    let slow = || Slow {
        clock: clock.clone(),
        claim_is_old: Arc::default(),
        wall_stands: Arc::default(),
        in_steps,
        steps: Arc::default(),
        done: Arc::default(),
    };
    let (told, played) = (slow(), slow());
    let played = Slow {
        claim_is_old: told.claim_is_old.clone(),
        wall_stands: told.wall_stands.clone(),
        steps: told.steps.clone(),
        done: told.done.clone(),
        ..played
    };
    let registry = Registry::default().with(Arc::new(played));
    let app = App::open_with(settings(url, dir), registry, clock.clone()).expect("opened");
    app.disable_task(first_task(&app)).expect("disabled");
    (app, told)
}

/// It is claimed again at once, at no cost.
#[track_caller]
fn was_put_off_once(app: &App, id: EntryId) {
    let statuses: Vec<LogStatus> = attempts(app, id).iter().map(|row| row.status).collect();
    assert_eq!(statuses, [LogStatus::NotSent, LogStatus::Published]);
    let out = entry(app, id);
    assert_eq!((out.status, out.retry_count, out.attempt), (EntryStatus::Published, 0, 2));
}

#[test]
fn a_claim_that_is_too_old_when_it_is_known_is_not_sent() {
    on_both(|url, dir| {
        let (app, slow) = with_slow(url, dir, false);
        let id = add(&app, "x", account(&app, "slow", "slow", json!({})));
        slow.claim_is_old.store(true, Ordering::SeqCst);
        report_of(&app, task(&app, "run"));
        assert!(!slow.claim_is_old.load(Ordering::SeqCst), "time did pass");
        was_put_off_once(&app, id);
        assert_eq!(*slow.done.lock().expect("nobody panics with it"), ["sent"]);
    });
}

/// The larger of both counts: the clock on the wall was set back by as much as had passed.
#[test]
fn a_claim_that_is_too_old_by_the_clock_since_boot_alone_is_not_sent() {
    on_both(|url, dir| {
        let (app, slow) = with_slow(url, dir, false);
        let id = add(&app, "x", account(&app, "slow", "slow", json!({})));
        slow.wall_stands.store(true, Ordering::SeqCst);
        slow.claim_is_old.store(true, Ordering::SeqCst);
        report_of(&app, task(&app, "run"));
        was_put_off_once(&app, id);
        assert_eq!(*slow.done.lock().expect("nobody panics with it"), ["sent"]);
    });
}

#[test]
fn a_publish_in_steps_goes_no_further_than_its_claim_is_trusted() {
    on_both(|url, dir| {
        let (app, slow) = with_slow(url, dir, true);
        let id = add(&app, "x", account(&app, "slow", "slow", json!({})));
        report_of(&app, task(&app, "run"));
        was_put_off_once(&app, id);
        let times = slow.steps.each_ref().map(|step| step.load(Ordering::SeqCst));
        assert_eq!(times, [1, 1], "and goes on where it was");
    });
}

/// It goes on while the machine sleeps, which `Instant` does not.
#[cfg(target_os = "linux")]
#[test]
fn elapsed_time_is_since_boot() {
    use contenthub::actors::system_clock::SystemClock;
    let uptime = || -> Duration {
        let text = std::fs::read_to_string("/proc/uptime").expect("readable");
        let seconds = text.split(' ').next().and_then(|text| text.parse().ok()).expect("seconds");
        Duration::from_secs_f64(seconds)
    };
    let (before, clock) = (uptime(), SystemClock::new());
    let first = clock.monotonic();
    sleep(Duration::from_millis(60));
    let elapsed = clock.monotonic() - first;
    let by_kernel = uptime() - before;
    assert!(elapsed >= Duration::from_millis(60) && elapsed < by_kernel + Duration::from_millis(50));
}
