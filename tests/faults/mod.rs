//! What goes wrong on the way to the service and there: a table of faults, each against module, plugin and command, over
//! HTTP/1.1 and HTTP/2. `scripts/faults` runs it and shows the report.

pub(crate) mod caller;
mod limits;
mod report;
mod scene;
pub(crate) mod servers;
mod table;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    pkcs8::DecodePublicKey,
};
use parking_lot::Mutex;
use signpath_sandbox::Request;

use self::caller::{Act, Call, Caller, Said};
use self::report::{Attempts, Entry};
use self::scene::{Http, Scene};
use self::table::{Budget, GROUPS, Made, Row};
use crate::harness::{Repeatedly, alone_repeatedly, variable};

/// How many calls are under way at once: most of them wait.
const AT_ONCE: usize = 8;

/// What a process takes to start and to end on a busy machine, beside its calls.
const START: Duration = Duration::from_secs(2);

/// A call that is to be made.
struct Job {
    group: &'static str,
    row: &'static Row,
    call: Call,
    over: Option<Http>,
}

#[test]
#[ignore = "two minutes: scripts/faults"]
fn every_fault_ends_as_its_row_says() {
    let Some(module) = alone_repeatedly(|_| caller::act_as_a_client()) else { return };
    let mut not_run = Vec::new();
    let jobs = jobs(&mut not_run);
    let entries = entries(&jobs, &module);
    let report = report::of(&entries, &not_run);
    if let Some(path) = variable("SIGNPATH_TEST_FAULTS_REPORT") {
        fs::write(Path::new(&path), &report).expect("the report is written");
    }
    let short: Vec<_> = report.lines().filter(|line| line.starts_with("FALLS SHORT")).collect();
    assert!(short.is_empty(), "{}", short.join("\n"));
    for what in not_run {
        println!("not run: {what}");
    }
}

/// Those of all rows; `SIGNPATH_TEST_FAULT` names a part of the names of those that are wanted.
fn jobs(not_run: &mut Vec<String>) -> Vec<Job> {
    let wanted = variable("SIGNPATH_TEST_FAULT").unwrap_or_default();
    let wanted = wanted.to_string_lossy();
    let mut jobs = Vec::new();
    for (group, row) in
        GROUPS.iter().flat_map(|(group, rows)| rows.iter().map(move |row| (group, row)))
    {
        if !row.name.contains(&*wanted) {
            continue;
        }
        if let Some(why) = row.obstacle() {
            not_run.push(format!("{} ({why})", row.name));
            continue;
        }
        let over: &[_] = match row.made {
            Made::Way(_) => &[None],
            Made::Answer(_) | Made::ListBefore(_) | Made::Place(_) => {
                &[Some(Http::One), Some(Http::Two)]
            }
        };
        for call in row.calls {
            jobs.extend(over.iter().map(|over| Job { group, row, call: *call, over: *over }));
        }
    }
    jobs
}

/// What came of the jobs, in their order. What takes long is begun first.
fn entries(jobs: &[Job], module: &Repeatedly) -> Vec<Entry> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by(|one, other| jobs[*other].row.longest.total_cmp(&jobs[*one].row.longest));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(place) = order.get(next.fetch_add(1, Ordering::AcqRel)) {
            let entry = jobs[*place].entry(module);
            done.lock().push((*place, entry));
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    let mut done = done.into_inner();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, entry)| entry).collect()
}

impl Job {
    fn entry(&self, module: &Repeatedly) -> Entry {
        let scene = Scene::of(self.row, self.call, self.over.unwrap_or(Http::Two));
        let again = self.fails() && self.is_used_up();
        let said = self.call.make(&scene, module, again);
        let requests = scene.requests(self.call);
        let attempts = self.attempts(&scene, &said);
        Entry {
            group: self.group,
            name: self.row.name,
            call: self.call,
            over: self.over,
            answer: answer(&said),
            attempts,
            took: said.took,
            line: if self.says_something() { said.text.clone() } else { String::new() },
            short: self.shortfalls(&scene, &said, attempts, &requests),
        }
    }

    /// Whether what the user reads belongs to the fault.
    fn says_something(&self) -> bool {
        self.fails() || matches!(self.row.made, Made::Place(_))
    }

    fn fails(&self) -> bool {
        !self.row.repeats.works()
    }

    /// Whether the fault is over after the attempts that are due, so that a further call has nothing to meet.
    fn is_used_up(&self) -> bool {
        self.row.budget != Budget::Time && matches!(self.row.made, Made::Answer(_))
    }

    fn attempts(&self, scene: &Scene, said: &Said) -> Attempts {
        match (said.requests, scene.connections()) {
            (0, Some(connections)) => Attempts::Counted(connections),
            (0, None) => Attempts::Said(said_attempts(&said.text)),
            (requests, _) => Attempts::Counted(requests),
        }
    }

    fn shortfalls(
        &self,
        scene: &Scene,
        said: &Said,
        attempts: Attempts,
        requests: &[Request],
    ) -> Vec<String> {
        let mut short = Vec::new();
        let mut expect = |is_so: bool, what: String| {
            if !is_so {
                short.push(what);
            }
        };
        let rv = self.row.rv(self.call);
        expect(said.is_success != self.fails(), format!("success is {}", said.is_success));
        expect(said.rv.is_none_or(|said| said == rv), report::name_of(rv) + " is expected");
        let line = self.row.line(self.call);
        let read = said.text.to_lowercase();
        expect(read.contains(&line.to_lowercase()), format!("{line:?} is not in {:?}", said.text));
        expect(self.fits(attempts), format!("{attempts} attempts"));
        expect(said.took <= self.longest(), format!("{:.1} s", said.took.as_secs_f64()));
        expect(said.succeeds_again != Some(false), "the same call fails afterwards".to_owned());
        expect(self.hands_out_what_is_right(scene, said), "what is handed out is wrong".to_owned());
        let is_over =
            |request: &Request| self.over.is_none_or(|over| request.http2 == (over == Http::Two));
        expect(requests.iter().all(is_over), "another version of HTTP".to_owned());
        expect(self.has_one_id(requests, attempts), "the attempts have several ids".to_owned());
        expect(self.is_one_line(said), format!("not one line: {:?}", said.text));
        short
    }

    fn fits(&self, attempts: Attempts) -> bool {
        match self.row.budget {
            Budget::Counted | Budget::Patient => {
                attempts.number() == self.row.repeats.attempts(self.call)
            }
            Budget::Time => attempts.number() >= 2,
        }
    }

    fn longest(&self) -> Duration {
        let (total, _) = self.row.budget.seconds();
        START + Duration::from_secs_f64(total * self.row.longest)
    }

    /// A signature that verifies with the key that the policy has in the end, if it succeeds; otherwise none.
    fn hands_out_what_is_right(&self, scene: &Scene, said: &Said) -> bool {
        let is_due = said.is_success && self.call.act == Act::Sign;
        match &said.signature {
            None => !is_due,
            Some(signature) => is_due && verifies(scene, signature),
        }
    }

    /// The audit trail finds the attempts of one signature by the id inside of `metadata`.
    fn has_one_id(&self, requests: &[Request], attempts: Attempts) -> bool {
        if self.call.act == Act::Read || self.call.by == Caller::Command {
            return true;
        }
        let id = |request: &Request| {
            let body = request.json()?;
            Some(body["hashSigningData"]["metadata"]["correlationId"].as_str()?.to_owned())
        };
        let ids: Option<Vec<_>> = requests.iter().take(attempts.number()).map(id).collect();
        ids.is_some_and(|ids| ids.iter().all(|id| *id == ids[0]))
    }

    /// The module says one line about a failure, and none about anything else.
    fn is_one_line(&self, said: &Said) -> bool {
        let is_about_a_place = matches!(self.row.made, Made::Place(_));
        let lines = said.text.lines().count();
        self.call.by != Caller::Module || is_about_a_place || lines == usize::from(self.fails())
    }
}

fn answer(said: &Said) -> String {
    match (said.rv, said.is_success, &said.signature) {
        (Some(rv), ..) => report::name_of(rv),
        (None, true, Some(_)) => "a signature".to_owned(),
        (None, true, None) => "keys".to_owned(),
        (None, false, _) => "an error".to_owned(),
    }
}

/// The number before "attempts in".
fn said_attempts(text: &str) -> usize {
    let before = text.split(" attempts in ").next().unwrap_or_default();
    before.rsplit('(').next().and_then(|number| number.parse().ok()).unwrap_or(1)
}

fn verifies(scene: &Scene, signature: &[u8]) -> bool {
    let sandbox = scene.sandbox().expect("who signs is a sandbox");
    let pem = sandbox.public_key_pem(scene::POLICY).expect("it has the policy");
    let key = VerifyingKey::from_public_key_pem(&pem).expect("a P-256 key");
    let signature = Signature::from_slice(signature).or_else(|_| Signature::from_der(signature));
    signature.is_ok_and(|signature| key.verify(caller::message().as_bytes(), &signature).is_ok())
}
