use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::process::UserIds;

/// Nothing is said.
const SILENT: [&str; 0] = [];

fn log_in(directory: &Path) -> LogFile {
    let mut log = LogFile::default();
    log.place_in(directory);
    log
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn folder_and_file_are_for_their_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a/b");
    assert_eq!(log_in(&directory).append(b"one\n"), SILENT);
    assert_eq!(log_in(&directory).append(b"two\n"), SILENT);
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join(FILE_NAME)), 0o600);
    assert_eq!(fs::read(directory.join(FILE_NAME)).unwrap(), b"one\ntwo\n");
}

#[test]
fn links_are_not_followed() {
    let parent = tempfile::tempdir().unwrap();
    let target = parent.path().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, parent.path().join(FILE_NAME)).unwrap();
    assert!(log_in(parent.path()).append(b"x\n") != SILENT);
    assert_eq!(fs::read(&target).unwrap(), b"");

    let real = tempfile::tempdir().unwrap();
    let link = parent.path().join("link");
    symlink(real.path(), &link).unwrap();
    assert!(log_in(&link).append(b"x\n")[0].contains("symbolic link"));
    assert!(!real.path().join(FILE_NAME).exists());
}

#[test]
fn a_full_file_is_put_aside_and_five_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    let mut log = log_in(directory.path());
    for round in 0..8 {
        assert_eq!(log.append(format!("round {round}\n").as_bytes()), SILENT);
        File::options().write(true).open(&path).unwrap().set_len(FILE_MAX).unwrap();
    }
    assert_eq!(log.append(b"last\n"), SILENT);
    assert_eq!(fs::read(&path).unwrap(), b"last\n");
    let names = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(names, 6);
    for number in 1..=5 {
        let old = directory.path().join(format!("SignPath.CryptoProviders.Cryptoki.{number}.txt"));
        let expected = format!("round {}\n", 8 - number);
        assert!(fs::read(old).unwrap().starts_with(expected.as_bytes()));
    }
}

#[test]
fn a_file_that_another_process_put_aside_is_left_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    let (mut one, mut other) = (log_in(directory.path()), log_in(directory.path()));
    one.append(b"one\n");
    other.append(b"other\n");
    File::options().write(true).open(&path).unwrap().set_len(FILE_MAX).unwrap();
    one.append(b"new one\n");
    other.append(b"new other\n");
    assert_eq!(fs::read(&path).unwrap(), b"new one\nnew other\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

/// A host, or a daemon in it, may close every descriptor that it does not know, and open files of its own.
#[test]
fn no_descriptor_stays_open_after_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = log_in(directory.path());
    assert_eq!(log.append(b"one\n"), SILENT);
    let folder = fs::canonicalize(directory.path()).unwrap();
    let open =
        fs::read_dir("/proc/self/fd").unwrap().filter_map(|it| fs::read_link(it.ok()?.path()).ok());
    assert_eq!(open.filter(|path| path.starts_with(&folder)).count(), 0);
    fs::remove_dir_all(directory.path()).unwrap();
    assert_eq!(log.append(b"two\n"), SILENT, "the folder is made again");
    assert_eq!(fs::read(directory.path().join(FILE_NAME)).unwrap(), b"two\n");
}

#[test]
fn what_cannot_be_written_is_said_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut log = log_in(&file.path().join("folder"));
    assert!(log.append(b"x\n")[0].contains("cannot be written"));
    assert_eq!(log.append(b"x\n"), SILENT);
    log.place_in(&file.path().join("folder"));
    assert!(log.append(b"x\n") != SILENT, "a new configuration tries again");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A user who neither is this one nor root.
fn somebody_else() -> Option<u32> {
    UserIds::current().map(|ids| ids.effective + 1)
}

#[test]
fn a_file_of_ours_that_others_can_use_becomes_private() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    for open in [0o644, 0o666, 0o4755, 0o640] {
        fs::write(&path, "before\n").unwrap();
        set_mode(&path, open);
        assert_eq!(log_in(directory.path()).append(b"x\n"), SILENT);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600, "{open:o}");
        assert_eq!(fs::read(&path).unwrap(), b"before\nx\n");
    }
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let found = fs::symlink_metadata(file.path()).unwrap();
    let refusal = place::check_file(&found, somebody_else()).unwrap_err().to_string();
    assert_eq!(refusal, "it belongs to another user");
    place::check_file(&found, UserIds::current().map(|ids| ids.effective)).unwrap();
}

/// The rights to a file, and its end, would be changed for whoever made that name.
#[test]
fn a_second_name_of_another_file_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("target");
    fs::write(&target, "").unwrap();
    set_mode(&target, 0o644);
    fs::hard_link(&target, directory.path().join(FILE_NAME)).unwrap();
    let said = log_in(directory.path()).append(b"x\n");
    assert!(said[0].contains("more than one name"), "{said:?}");
    assert_eq!((fs::read(&target).unwrap(), mode(&target)), (Vec::new(), 0o644));
}

#[test]
fn a_folder_that_others_can_write_to_is_used_and_said_once() {
    for (folder, said) in
        [(0o777, true), (0o770, true), (0o702, true), (0o1777, false), (0o755, false)]
    {
        let directory = tempfile::tempdir().unwrap();
        set_mode(directory.path(), folder);
        let mut log = log_in(directory.path());
        let first = log.append(b"one\n");
        assert_eq!(!first.is_empty(), said, "{folder:o}: {first:?}");
        let named = directory.path().to_string_lossy();
        assert!(first.iter().all(|sentence| sentence.contains(&*named)), "{first:?}");
        fs::remove_file(directory.path().join(FILE_NAME)).unwrap();
        assert_eq!(log.append(b"two\n"), SILENT, "{folder:o}");
        assert_eq!(fs::read(directory.path().join(FILE_NAME)).unwrap(), b"two\n");
        assert_eq!(mode(&directory.path().join(FILE_NAME)), 0o600);
        assert_eq!(fs::metadata(directory.path()).unwrap().mode() & 0o7777, folder);
    }
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_one_of_root_is_not() {
    let ours = tempfile::tempdir().unwrap();
    let found = fs::symlink_metadata(ours.path()).unwrap();
    let refused = place::check_folder(&found, somebody_else()).is_err();
    assert_eq!(refused, found.uid() != 0);
    let root = fs::symlink_metadata("/tmp").unwrap();
    place::check_folder(&root, somebody_else()).unwrap();
}

/// Each has the file open for itself, as a process has. The lines are long, so that it is put aside several times.
#[test]
fn many_writers_lose_no_line_and_put_no_file_aside_twice() {
    const WRITERS: usize = 4;
    const LINES: usize = 1600;
    let directory = tempfile::tempdir().unwrap();
    let write = |writer: usize| {
        let mut log = log_in(directory.path());
        for line in 0..LINES {
            let line = format!("{writer} {line} {}\n", "x".repeat(8000));
            assert_eq!(log.append(line.as_bytes()), SILENT);
        }
    };
    thread::scope(|scope| (0..WRITERS).for_each(|writer| drop(scope.spawn(move || write(writer)))));
    let mut files: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    // 51 MB: five whole files and the beginning of another one.
    assert_eq!(files.len(), 6, "{files:?}");
    let mut seen: Vec<Vec<usize>> = vec![Vec::new(); WRITERS];
    for path in (1..=5)
        .rev()
        .map(|number| format!("SignPath.CryptoProviders.Cryptoki.{number}.txt"))
        .chain([FILE_NAME.to_owned()])
    {
        let text = fs::read_to_string(directory.path().join(&path)).unwrap();
        assert!(text.len() <= 10_000_000, "{path}");
        assert!(
            path == FILE_NAME || text.len() > 9_980_000,
            "{path} was put aside with {} bytes",
            text.len()
        );
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            assert!(words.len() == 3 && words[2].len() == 8000, "a broken line");
            seen[words[0].parse::<usize>().unwrap()].push(words[1].parse().unwrap());
        }
    }
    let all: Vec<_> = (0..LINES).collect();
    assert!(seen.iter().all(|lines| *lines == all));
}

#[test]
fn who_does_not_let_go_of_the_file_holds_nobody_up_for_long() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    let mut log = log_in(directory.path());
    log.append(b"one\n");
    let held = File::options().append(true).open(&path).unwrap();
    held.set_len(FILE_MAX).unwrap();
    held.lock().unwrap();
    let begun = Instant::now();
    (0..100).for_each(|_| assert_eq!(log.append(b"two\n"), SILENT));
    assert!(begun.elapsed() < Duration::from_secs(2), "it is waited for once");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "it is not put aside");
    drop(held);
    log.append(b"three\n");
    assert_eq!(fs::read(&path).unwrap(), b"three\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}
