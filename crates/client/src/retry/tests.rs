mod storm;

use std::cell::{Cell, RefCell};

use proptest::prelude::*;

use super::*;

const CALLS: [Call; 3] = [Call::Get, Call::HashSigning, Call::FileSubmission];
const CAUSES: [Cause; 10] = [
    Cause::NotSent,
    Cause::NoTunnel,
    Cause::TimeOut,
    Cause::LostAnswer,
    Cause::TooManyRequests,
    Cause::InternalError,
    Cause::Gateway,
    Cause::Unavailable,
    Cause::OtherServerError,
    Cause::Hopeless,
];

const LIMITS: Limits = Limits {
    total: Duration::from_secs(150),
    attempt: Duration::from_secs(30),
    first_pause: Duration::from_millis(1160),
    repetitions: None,
    is_cut_short: false,
};

/// A clock that only waiting moves; chance is fixed.
#[derive(Default)]
struct Still {
    elapsed: Cell<Duration>,
    pauses: RefCell<Vec<Duration>>,
    fraction: f64,
}

impl Clock for Still {
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn wait(&self, pause: Duration) {
        self.elapsed.set(self.elapsed.get() + pause);
        self.pauses.borrow_mut().push(pause);
    }

    fn fraction(&self) -> f64 {
        self.fraction
    }
}

fn failed(cause: Cause) -> Failed {
    let error = Error::Answer { asked: format!("{cause:?}"), why: String::new() };
    Failed { cause, error: Box::new(error), retry_after: None }
}

/// Runs attempts that fail for these causes, and then one that works. How many there were, and the end.
fn attempts(call: Call, limits: &Limits, causes: &[Cause]) -> (usize, Result<(), Error>) {
    let mut made = 0;
    let result = run(call, limits, &Still::default(), &Cell::new(false), |_| {
        made += 1;
        causes.get(made - 1).map_or(Ok(()), |cause| Err(failed(*cause)))
    });
    (made, result)
}

#[test]
fn every_cause_has_one_row() {
    for cause in CAUSES {
        assert_eq!(TABLE.iter().filter(|row| row.cause == cause).count(), 1, "{cause:?}");
    }
    assert_eq!(TABLE.len(), CAUSES.len());
}

#[test]
fn reading_is_repeated_on_everything_that_can_pass() {
    for cause in CAUSES {
        let expected = match cause {
            Cause::Hopeless => Repeat::No,
            Cause::NoTunnel => Repeat::AtFirst,
            _ => Repeat::Yes,
        };
        assert_eq!(repeat(Call::Get, cause), expected, "{cause:?}");
    }
}

#[test]
fn signing_is_repeated_freely_only_if_nothing_was_signed() {
    for cause in [Cause::NotSent, Cause::TooManyRequests, Cause::Gateway, Cause::Unavailable] {
        assert_eq!(attempts(Call::HashSigning, &LIMITS, &[cause; 5]), (6, Ok(())), "{cause:?}");
    }
}

#[test]
fn signing_is_repeated_once_in_all_if_it_may_have_been_signed() {
    let doubtful = [Cause::TimeOut, Cause::LostAnswer, Cause::InternalError];
    for first in doubtful {
        assert_eq!(attempts(Call::HashSigning, &LIMITS, &[first]).0, 2);
        for second in doubtful {
            let (made, result) = attempts(Call::HashSigning, &LIMITS, &[first, second]);
            assert_eq!(made, 2, "{first:?}, then {second:?}");
            let Err(Error::GaveUp { attempts: 2, because: Stop::Final, last, .. }) = result else {
                panic!("{result:?}")
            };
            assert_eq!(*last, *failed(second).error);
        }
        let mixed = [Cause::Unavailable, first, Cause::Unavailable, Cause::NotSent];
        assert_eq!(attempts(Call::HashSigning, &LIMITS, &mixed), (5, Ok(())));
    }
}

#[test]
fn a_file_is_handed_in_again_only_if_it_was_not_taken() {
    for cause in CAUSES {
        let again = matches!(
            cause,
            Cause::NotSent | Cause::NoTunnel | Cause::TooManyRequests | Cause::Unavailable
        );
        let made = attempts(Call::FileSubmission, &LIMITS, &[cause]).0;
        assert_eq!(made, if again { 2 } else { 1 }, "{cause:?}");
    }
}

#[test]
fn a_proxy_that_refuses_is_asked_twice_at_most() {
    for call in CALLS {
        assert_eq!(attempts(call, &LIMITS, &[Cause::NoTunnel]), (2, Ok(())));
        assert_eq!(attempts(call, &LIMITS, &[Cause::NoTunnel; 5]).0, 2);
        let (made, result) = attempts(call, &LIMITS, &[Cause::Unavailable, Cause::NoTunnel]);
        assert_eq!(made, 2);
        assert!(matches!(result, Err(Error::GaveUp { because: Stop::Final, .. })), "{result:?}");
    }
}

#[test]
fn what_cannot_succeed_is_tried_once_and_told_as_it_is() {
    for call in CALLS {
        let (made, result) = attempts(call, &LIMITS, &[Cause::Hopeless; 3]);
        assert_eq!((made, result), (1, Err(*failed(Cause::Hopeless).error)));
    }
}

#[test]
fn statuses_and_failures_fall_into_the_groups_of_the_table() {
    for (status, cause) in [
        (400, Cause::Hopeless),
        (401, Cause::Hopeless),
        (404, Cause::Hopeless),
        (408, Cause::Hopeless),
        (429, Cause::TooManyRequests),
        (500, Cause::InternalError),
        (501, Cause::OtherServerError),
        (502, Cause::Gateway),
        (503, Cause::Unavailable),
        (504, Cause::Gateway),
        (599, Cause::OtherServerError),
        (600, Cause::Hopeless),
    ] {
        assert_eq!(Cause::of_status(status), cause, "{status}");
    }
    for (failure, cause) in [
        (Failure::Lookup, Cause::NotSent),
        (Failure::Connect, Cause::NotSent),
        (Failure::Timeout, Cause::TimeOut),
        (Failure::Lost, Cause::LostAnswer),
        (Failure::Trust, Cause::Hopeless),
        (Failure::CertificateTime, Cause::Hopeless),
        (Failure::CertificateName, Cause::Hopeless),
        (Failure::Tls, Cause::Hopeless),
        (Failure::Proxy, Cause::Hopeless),
        (Failure::Tunnel, Cause::NoTunnel),
    ] {
        assert_eq!(Cause::of_failure(failure), cause, "{failure:?}");
    }
}

#[test]
fn pauses_double_up_to_thirty_seconds() {
    let clock = Still { fraction: 1.0, ..Still::default() };
    let limits = Limits { total: Duration::from_secs(10_000), ..LIMITS };
    let mut left = 8;
    run(Call::Get, &limits, &clock, &Cell::new(false), |_| {
        left -= 1;
        if left > 0 { Err(failed(Cause::NotSent)) } else { Ok(()) }
    })
    .unwrap();
    let pauses: Vec<_> = clock.pauses.borrow().iter().map(Duration::as_millis).collect();
    assert_eq!(pauses, [1160, 2320, 4640, 9280, 18_560, 30_000, 30_000]);
}

#[test]
fn the_total_time_ends_it_and_says_so() {
    let clock = Still { fraction: 1.0, ..Still::default() };
    let result: Result<(), _> = run(Call::Get, &LIMITS, &clock, &Cell::new(false), |time| {
        assert!((LIMITS.least()..=LIMITS.attempt).contains(&time));
        assert!(clock.elapsed() + time <= LIMITS.total);
        Err(failed(Cause::Unavailable))
    });
    let Err(Error::GaveUp { because: Stop::Budget { total }, attempts: 9, elapsed, .. }) = result
    else {
        panic!("{result:?}")
    };
    assert!(elapsed <= LIMITS.total);
    assert_eq!(total, LIMITS.total);
}

#[test]
fn the_end_that_the_caller_sets_is_not_called_the_configured_one() {
    let seconds = Duration::from_secs;
    for (elapsed, left, expected) in [
        (0, 20, Stop::Deadline),
        (100, 20, Stop::Deadline),
        (100, 50, Stop::Budget { total: LIMITS.total }),
        (0, 900, Stop::Budget { total: LIMITS.total }),
    ] {
        let limits = LIMITS.within(seconds(elapsed), seconds(left));
        let now = Situation { elapsed: limits.total, ..situation(None, 0) };
        assert_eq!(decide(&limits, now), Next::Stop(expected), "{elapsed} s, {left} s left");
    }
}

#[test]
fn an_attempt_gets_no_more_than_the_time_that_is_left() {
    let clock = Still::default();
    for (elapsed, expected) in [(0, 30), (119, 30), (130, 20), (134, 16), (135, 15)] {
        clock.elapsed.set(Duration::from_secs(elapsed));
        run(Call::Get, &LIMITS, &clock, &Cell::new(false), |time| {
            assert_eq!(time, Duration::from_secs(expected), "after {elapsed} s");
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn every_attempt_has_more_time_than_a_connection() {
    for (attempt, total) in [(30, 150), (30, 10), (1, 1), (3600, 1)] {
        let (attempt, total) = (attempt.min(total), Duration::from_secs(total));
        let limits = Limits { attempt: Duration::from_secs(attempt), total, ..LIMITS };
        for elapsed in [Duration::ZERO, total / 2, total, total * 2] {
            let clock = Still::default();
            clock.elapsed.set(elapsed);
            run(Call::HashSigning, &limits, &clock, &Cell::new(false), |time| {
                assert!(time > limits.connect());
                Ok(())
            })
            .unwrap();
        }
    }
}

#[test]
fn no_further_attempt_is_started_without_the_time_for_one() {
    let last = LIMITS.total - LIMITS.least();
    for (elapsed, again) in [(Duration::from_secs(134), true), (last, false), (LIMITS.total, false)]
    {
        let now = Situation { elapsed, ..situation(None, 0) };
        assert_eq!(matches!(decide(&LIMITS, now), Next::Again { .. }), again, "{elapsed:?}");
    }
}

#[test]
fn the_number_of_repetitions_ends_it_where_it_is_set() {
    for most in [0, 1, 3] {
        let limits = Limits { repetitions: Some(most), ..LIMITS };
        let (made, result) = attempts(Call::Get, &limits, &[Cause::Gateway; 9]);
        assert_eq!(made, usize::try_from(most).unwrap() + 1);
        assert!(matches!(result, Err(Error::GaveUp { because: Stop::Attempts, .. })), "{result:?}");
    }
}

fn situation(retry_after: Option<u64>, elapsed: u64) -> Situation {
    Situation {
        call: Call::Get,
        cause: Cause::TooManyRequests,
        attempts: 1,
        once_used: false,
        elapsed: Duration::from_secs(elapsed),
        retry_after: retry_after.map(Duration::from_secs),
        fraction: 0.0,
    }
}

#[test]
fn retry_after_is_the_least_pause() {
    let again =
        |seconds| Next::Again { pause: Duration::from_secs(seconds), possible_duplicate: false };
    assert_eq!(decide(&LIMITS, situation(Some(40), 0)), again(40));
    assert_eq!(decide(&LIMITS, situation(Some(0), 0)), again(0));
    assert_eq!(decide(&LIMITS, situation(None, 0)), again(0));
}

#[test]
fn clients_that_get_the_same_retry_after_are_spread_over_as_long_a_time_again() {
    let paused = |wanted, elapsed| {
        let now = Situation { fraction: 0.5, ..situation(Some(wanted), elapsed) };
        match decide(&LIMITS, now) {
            Next::Again { pause, .. } => pause.as_secs_f64(),
            Next::Stop(because) => panic!("{because:?}"),
        }
    };
    assert!((paused(20, 0) - 30.0).abs() < 0.001);
    // No longer than a pause of our own choice, no shorter than that of the first attempt, and within the total time.
    assert!((paused(60, 0) - 75.0).abs() < 0.001);
    assert!((paused(1, 0) - 1.58).abs() < 0.001);
    assert!((paused(40, 85) - 45.0).abs() < 0.001);
}

#[test]
fn retry_after_beyond_the_total_time_is_the_end_at_once() {
    let wanted = Duration::from_secs(40);
    let end = Next::Stop(Stop::PauseTooLong { wanted });
    assert_eq!(decide(&LIMITS, situation(Some(40), 95)), end);
    assert_ne!(decide(&LIMITS, situation(Some(40), 94)), end);
}

#[test]
fn the_real_clocks_chance_lies_between_0_and_1() {
    let clock = Wall::start();
    let fractions: Vec<f64> = (0..50).map(|_| clock.fraction()).collect();
    assert!(fractions.iter().all(|fraction| (0.0..1.0).contains(fraction)));
    assert!(fractions.iter().any(|fraction| *fraction != fractions[0]));
}

fn any_situation() -> impl Strategy<Value = Situation> {
    (
        (prop::sample::select(&CALLS[..]), prop::sample::select(&CAUSES[..]), 1..u32::MAX),
        (any::<bool>(), 0u64..400_000, prop::option::of(0u64..u64::MAX / 4), any::<f64>()),
    )
        .prop_map(|((call, cause, attempts), (once_used, elapsed, retry_after, fraction))| {
            Situation {
                call,
                cause,
                attempts,
                once_used,
                elapsed: Duration::from_millis(elapsed),
                retry_after: retry_after.map(Duration::from_millis),
                fraction,
            }
        })
}

proptest! {
    #[test]
    fn no_pause_goes_beyond_the_time_that_is_left(now in any_situation()) {
        match decide(&LIMITS, now) {
            Next::Again { pause, possible_duplicate } => {
                prop_assert!(now.elapsed + pause + LIMITS.least() < LIMITS.total);
                prop_assert!(pause >= now.retry_after.unwrap_or_default());
                prop_assert!(pause <= PAUSE_MAX + now.retry_after.unwrap_or_default());
                let table = repeat(now.call, now.cause);
                prop_assert_ne!(table, Repeat::No);
                prop_assert_eq!(possible_duplicate, table == Repeat::Once);
                prop_assert!(!(possible_duplicate && now.once_used));
            }
            Next::Stop(Stop::PauseTooLong { wanted }) => prop_assert!(wanted + now.elapsed + LIMITS.least() >= LIMITS.total),
            Next::Stop(_) => {}
        }
    }

    #[test]
    fn a_signature_is_asked_for_at_most_twice_in_doubt(
        causes in prop::collection::vec(prop::sample::select(&CAUSES[..]), 0..40),
    ) {
        let doubtful = |cause: &&Cause| matches!(cause, Cause::TimeOut | Cause::LostAnswer | Cause::InternalError);
        let (made, _) = attempts(Call::HashSigning, &LIMITS, &causes);
        let failures = &causes[..made.min(causes.len())];
        prop_assert!(failures.iter().filter(doubtful).count() <= 2);
    }
}
