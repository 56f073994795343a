//! The programs in tests/c, which use the module as careful and careless hosts in C do, every buffer a heap block that ends
//! where its value ends: plainly, on SoftHSM, under valgrind, and with AddressSanitizer in the programs and in the module.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use signpath_sandbox::{Builder, Sandbox};

use crate::{
    harness::{Ran, Workplace, module_path, repository_file, sandbox_builder, variable},
    header::{assert_compiles, compile},
    softhsm::Both,
    states::PIN,
};

/// A program in tests/c. All of them are given the module and how often they repeat what they repeat.
#[derive(Clone, Copy)]
struct Program {
    name: &'static str,
    login: Login,
    /// Whether it asks for nothing that only our module has.
    any_module: bool,
}

/// Where a program's credentials come from.
#[derive(Clone, Copy)]
enum Login {
    Configured,
    Pin,
}

const fn ours(name: &'static str) -> Program {
    Program { name, login: Login::Pin, any_module: false }
}

const fn any(name: &'static str) -> Program {
    Program { any_module: true, ..ours(name) }
}

const PROGRAMS: &[Program] = &[
    any("attributes"),
    any("signatures"),
    any("threads"),
    ours("careless"),
    ours("forks"),
    ours("interfaces"),
    ours("interruptions"),
    ours("lifecycle"),
    Program { login: Login::Configured, ..ours("vendor_attributes") },
];

impl Program {
    fn source(self) -> String {
        format!("tests/c/{}.c", self.name)
    }
}

/// What the programs are compiled with beside what every program is.
const STRICT: [&str; 7] = [
    "-std=c99",
    "-O1",
    "-g",
    "-pthread",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
];

/// The status of a program in which valgrind or AddressSanitizer found something.
const FOUND: &str = "99";

/// Runs each program on our module, with a sandbox in this process: that is no part of what is checked.
struct Bench {
    place: Workplace,
    sandbox: Sandbox,
    module: PathBuf,
}

impl Bench {
    fn new(module: PathBuf, sandbox: Builder) -> Self {
        let sandbox = sandbox.start().expect("a sandbox");
        Self { place: Workplace::new(), sandbox, module }
    }

    /// `start` is the program's path, after the words of a checker if there is one.
    fn run(&self, program: Program, start: &[&str], rounds: &str, settings: &[(&str, &str)]) {
        let mut command = self.place.command(start[0]);
        command.args(&start[1..]).arg(&self.module).arg(rounds).envs(settings.iter().copied());
        let settings = self.sandbox.environment();
        match program.login {
            Login::Configured => command.envs(settings),
            Login::Pin => {
                let pin = format!("{}:{}", self.sandbox.organization_id(), self.sandbox.token());
                let credentials = ["SIGNPATH_ORGANIZATION_ID", "SIGNPATH_API_TOKEN"];
                let settings = settings.into_iter();
                let others = settings.filter(|(name, _)| !credentials.contains(&name.as_str()));
                command.envs(others).env(PIN, pin)
            }
        };
        let ran = Ran::of(&mut command).succeeds();
        let is_done = matches!(program.login, Login::Configured) || ran.stdout.ends_with("done\n");
        assert!(is_done && !ran.stdout.contains("not offered"), "{}: {ran}", program.name);
    }
}

/// Compiles a program, and gives its path.
fn build(place: &Workplace, program: Program) -> String {
    let path = path_text(&place.path(program.name));
    let options = [&STRICT[..], &["-o", &path]].concat();
    assert_compiles(&compile("cc", &options, &program.source(), &["-ldl"]));
    path
}

/// Like [`build`], with AddressSanitizer. Its run-time belongs into the program, not into the module, and is the one that
/// comes with the module's compiler.
fn build_sanitized(place: &Workplace, program: Program, runtime: &str) -> String {
    let path = path_text(&place.path(program.name));
    let object = format!("{path}.o");
    let options = [&STRICT[..], &["-fsanitize=address", "-c", "-o", &object]].concat();
    assert_compiles(&compile("cc", &options, &program.source(), &[]));
    let whole = format!("-Wl,--whole-archive,{runtime},--no-whole-archive");
    let libraries = ["-Wl,--export-dynamic", &whole, "-pthread", "-ldl", "-lm", "-lrt"];
    Ran::of(Command::new("cc").args(["-o", &path, &object]).args(libraries)).succeeds();
    path
}

#[test]
#[ignore = "needs a C compiler and libp11-kit-dev: scripts/test"]
fn every_c_program_ends_well() {
    let bench = Bench::new(module_path(), sandbox_builder());
    for program in PROGRAMS {
        let path = build(&bench.place, *program);
        bench.run(*program, &[&path], "50", &[]);
    }
}

#[test]
#[ignore = "needs SoftHSM, a C compiler and libp11-kit-dev: scripts/test"]
fn the_c_programs_for_any_module_end_well_on_softhsm() {
    let both = Both::start();
    let place = Workplace::new();
    let programs: Vec<_> = PROGRAMS.iter().filter(|program| program.any_module).collect();
    assert_eq!(programs.len(), 3);
    for program in programs {
        let path = build(&place, *program);
        let mut command = place.command(path);
        let ran = Ran::of(command.arg(both.softhsm()).envs(both.softhsm_settings())).succeeds();
        assert!(ran.stdout.ends_with("done\n"), "{ran}");
    }
}

/// Without TLS: in ring's AES-GCM, which is assembly, valgrind takes the tags for uninitialised, though the other end finds
/// them right.
#[test]
#[ignore = "needs valgrind, a C compiler and libp11-kit-dev: scripts/test"]
fn valgrind_finds_nothing_in_any_c_program() {
    let bench = Bench::new(module_path(), sandbox_builder());
    let valgrind = [
        "valgrind",
        "--quiet",
        &format!("--error-exitcode={FOUND}"),
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--show-leak-kinds=definite",
        // Threads take turns; without it one that only looks whether the others are done can keep them from it.
        "--fair-sched=try",
    ];
    for program in PROGRAMS {
        let path = build(&bench.place, *program);
        bench.run(*program, &[&valgrind[..], &[&path]].concat(), "3", &[]);
    }
}

/// Over TLS.
#[test]
#[ignore = "needs a module with AddressSanitizer, a C compiler and libp11-kit-dev: scripts/test"]
fn address_sanitizer_finds_nothing_in_any_c_program() {
    let bench = Bench::new(built("SIGNPATH_TEST_SANITIZED_MODULE"), sandbox_builder().tls());
    let runtime = path_text(&built("SIGNPATH_TEST_SANITIZER_RUNTIME"));
    let found = format!("exitcode={FOUND}:detect_leaks=1:detect_stack_use_after_return=1");
    for program in PROGRAMS {
        let path = build_sanitized(&bench.place, *program, &runtime);
        bench.run(*program, &[&path], "50", &[("ASAN_OPTIONS", &found)]);
    }
}

/// A file that `scripts/test` has built and names to the tests.
fn built(name: &str) -> PathBuf {
    let path = variable(name).map(PathBuf::from).filter(|path| path.is_file());
    path.unwrap_or_else(|| panic!("{name} does not name a file; run `scripts/test memory`"))
}

fn path_text(path: &Path) -> String {
    path.to_str().expect("a path of plain text").to_owned()
}

#[test]
fn every_file_in_tests_c_is_a_program_that_is_run_or_is_there_for_another_test() {
    let others = ["header.cpp", "module.h", "no_standard_header.c", "stopped.c"];
    let files = fs::read_dir(repository_file("tests/c")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| !others.contains(&name.as_str())) {
        let is_run = PROGRAMS.iter().any(|program| format!("{}.c", program.name) == name);
        assert!(is_run, "{name}");
    }
}
