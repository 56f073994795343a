//! A thousand clients that begin in the same moment, at a service that takes fifty requests a second and refuses the rest: the
//! real retry code on a clock of its own, so that minutes pass in no time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use super::*;

const CLIENTS: usize = 1000;

/// What the service takes in each second.
const LIMIT: usize = 50;

/// From this second on, after the first `Retry-After`, it is asked for no more than that: before, there is more to do than it can.
const SETTLED: usize = CLIENTS * CALLS.len() / LIMIT;

/// How long an answer takes.
const ANSWER: Duration = Duration::from_millis(100);

/// What each client asks for, one after the other.
const CALLS: [Call; 2] = [Call::Get, Call::HashSigning];

/// How the service refuses.
#[derive(Clone, Copy)]
struct Refusal {
    name: &'static str,
    cause: Cause,
    /// `Retry-After`, in seconds.
    retry_after: Option<u64>,
}

const fn refusal(name: &'static str, cause: Cause, retry_after: Option<u64>) -> Refusal {
    Refusal { name, cause, retry_after }
}

#[rustfmt::skip]
const REFUSALS: [Refusal; 6] = [
    refusal("429",                  Cause::TooManyRequests, None),
    refusal("429, Retry-After: 1",  Cause::TooManyRequests, Some(1)),
    refusal("429, Retry-After: 10", Cause::TooManyRequests, Some(10)),
    refusal("429, Retry-After: 30", Cause::TooManyRequests, Some(30)),
    refusal("503",                  Cause::Unavailable,     None),
    refusal("503, Retry-After: 5",  Cause::Unavailable,     Some(5)),
];

/// A service that counts anew each second.
#[derive(Default)]
struct Service {
    /// How often it was asked in each second.
    asked: Vec<usize>,
}

impl Service {
    fn takes(&mut self, at: Duration) -> bool {
        let second = usize::try_from(at.as_secs()).unwrap();
        self.asked.resize(self.asked.len().max(second + 1), 0);
        self.asked[second] += 1;
        self.asked[second] <= LIMIT
    }
}

/// A client: what has happened to its call so far. What comes next is found by running the real code over that again.
#[derive(Default)]
struct Client {
    calls_done: usize,
    /// When the call began.
    began: Duration,
    /// How often it was refused.
    refused: usize,
    /// Chance, as it fell.
    fractions: Vec<f64>,
}

/// The clock of one run over what has happened.
struct Replay<'a> {
    elapsed: Cell<Duration>,
    fractions: RefCell<std::slice::Iter<'a, f64>>,
}

impl Clock for Replay<'_> {
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn wait(&self, pause: Duration) {
        self.elapsed.set(self.elapsed.get() + pause);
    }

    fn fraction(&self) -> f64 {
        self.fractions.borrow_mut().next().copied().unwrap_or_default()
    }
}

impl Client {
    /// When it asks the next time; `None` if it has given up.
    fn asks_at(&self, refusal: Refusal) -> Option<Duration> {
        let clock =
            Replay { elapsed: Cell::default(), fractions: RefCell::new(self.fractions.iter()) };
        let (mut attempts, mut asks) = (0, None);
        let ended: Result<(), _> =
            run(CALLS[self.calls_done], &LIMITS, &clock, &Cell::new(false), |_| {
                attempts += 1;
                if attempts > self.refused {
                    asks = Some(self.began + clock.elapsed());
                    // Nothing is known beyond this.
                    return Err(failed(Cause::Hopeless));
                }
                clock.wait(ANSWER);
                let retry_after = refusal.retry_after.map(Duration::from_secs);
                Err(Failed { retry_after, ..failed(refusal.cause) })
            });
        assert!(ended.is_err());
        asks
    }

    fn is_refused(&mut self, fraction: f64) {
        self.refused += 1;
        self.fractions.push(fraction);
    }

    fn is_answered(&mut self, at: Duration) {
        let calls_done = self.calls_done + 1;
        *self = Self { calls_done, began: at + ANSWER, ..Self::default() };
    }

    fn is_done(&self) -> bool {
        self.calls_done == CALLS.len()
    }
}

/// How it ended.
struct Outcome {
    /// When each client was done, in order.
    done: Vec<Duration>,
    asked: Vec<usize>,
}

fn storm(refusal: Refusal) -> Outcome {
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::default()).collect();
    let mut service = Service::default();
    let mut chance = Chance(7);
    let mut done = Vec::new();
    let mut queue: BinaryHeap<_> =
        (0..CLIENTS).map(|client| Reverse((Duration::ZERO, client))).collect();
    while let Some(Reverse((at, number))) = queue.pop() {
        let client = &mut clients[number];
        if service.takes(at) {
            client.is_answered(at);
        } else {
            client.is_refused(chance.fraction());
        }
        if client.is_done() {
            done.push(client.began);
        } else if let Some(next) = client.asks_at(refusal) {
            queue.push(Reverse((next, number)));
        }
    }
    Outcome { done, asked: service.asked }
}

/// The same in each run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap())
            / (f64::from(u32::MAX) + 1.0)
    }
}

impl Outcome {
    /// From this second on the service is asked for no more than it takes.
    fn settled(&self) -> usize {
        self.asked.iter().rposition(|asked| *asked > LIMIT).map_or(0, |second| second + 1)
    }

    fn highest(&self, from: usize) -> usize {
        self.asked.iter().skip(from).copied().max().unwrap_or_default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = |part: usize| self.done[(self.done.len() - 1) * part / 100].as_secs();
        let [first, tenth, half, most, last] = [0, 10, 50, 90, 100].map(after);
        let asked: usize = self.asked.iter().sum();
        let (done, settled, highest) = (self.done.len(), self.settled(), self.highest(2));
        write!(
            f,
            "{done} | {first} | {tenth} | {half} | {most} | {last} | {asked} | {highest} | {settled}"
        )
    }
}

#[test]
fn a_thousand_clients_that_begin_at_once_are_all_served_and_do_not_keep_step() {
    println!(
        "| refused with | done | first, s | 10 %, s | 50 %, s | 90 %, s | last, s | requests | peak, 1/s | within the limit from, s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for refusal in REFUSALS {
        let outcome = storm(refusal);
        println!("| {} | {outcome} |", refusal.name);
        let wanted = usize::try_from(refusal.retry_after.unwrap_or_default()).unwrap();
        assert_eq!(outcome.done.len(), CLIENTS, "{}", refusal.name);
        assert!(outcome.done.iter().all(|done| *done < LIMITS.total), "{}", refusal.name);
        // All of them come back in one moment if nothing spreads them.
        assert!(outcome.highest(wanted + 2) < CLIENTS * 3 / 4, "{}", refusal.name);
        assert!(outcome.settled() <= SETTLED + wanted, "{}", refusal.name);
    }
}
