//! Whether a file can be a shared library of this machine, by its header (ELF-64 object file format, "ELF header").

use std::env::consts::ARCH;

/// So many bytes of a file are looked at.
pub(super) const HEADER: usize = 20;

/// `ET_DYN`: a shared object.
const SHARED: u16 = 3;

/// Machines by `e_machine`, with Rust's names of them.
const MACHINES: &[(u16, &str)] = &[
    (3, "x86"),
    (21, "powerpc64"),
    (22, "s390x"),
    (40, "arm"),
    (62, "x86_64"),
    (183, "aarch64"),
    (243, "riscv64"),
    (258, "loongarch64"),
];

/// Why a file that begins with these bytes cannot be loaded, as the end of a sentence that begins with its path.
pub(super) fn objection(start: &[u8]) -> Option<String> {
    let Some(header) = start.first_chunk::<HEADER>() else {
        return Some("is too short for a library".to_owned());
    };
    let [0x7f, b'E', b'L', b'F', class, order, .., low_type, high_type, low, high] = *header else {
        return Some("is no library: it does not begin as an ELF file does".to_owned());
    };
    let number =
        |bytes| if order == 2 { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    if number([low_type, high_type]) != SHARED {
        return Some("is an ELF file, but no shared library".to_owned());
    }
    let machine = number([low, high]);
    let known = MACHINES.iter().find(|(known, _)| *known == machine).map(|(_, name)| *name);
    let bits = if class == 2 { 64 } else { 32 };
    let is_ours = known == Some(ARCH) && bits == usize::BITS && is_our_order(order);
    (!is_ours).then(|| {
        let name = known.map_or_else(|| format!("machine {machine}"), str::to_owned);
        format!("is a library for {name} ({bits} bits), and this machine is {ARCH}")
    })
}

fn is_our_order(order: u8) -> bool {
    order == if cfg!(target_endian = "big") { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(class: u8, order: u8, kind: u8, machine: u8) -> Vec<u8> {
        let mut bytes = b"\x7fELF".to_vec();
        bytes.extend([class, order]);
        bytes.resize(16, 0);
        bytes.extend([kind, 0, machine, 0]);
        bytes
    }

    #[test]
    fn what_cannot_be_loaded_is_told_apart() {
        for (bytes, said) in [
            (header(2, 1, 2, 62), "no shared library"),
            (header(2, 1, 3, 40), "for arm (64 bits)"),
            (header(2, 1, 3, 99), "for machine 99"),
            (b"MZ".repeat(20), "does not begin"),
            (b"\x7fELF".to_vec(), "too short"),
        ] {
            let why = objection(&bytes).expect(said);
            assert!(why.contains(said), "{why}");
        }
        let own = std::fs::read("/proc/self/exe").unwrap();
        // Test programs are position-independent, and so of the same type.
        assert_eq!(objection(&own), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            drop(objection(&bytes));
        }

        #[test]
        fn any_header_is_judged(bytes in prop::collection::vec(any::<u8>(), 16)) {
            let header = [b"\x7fELF".to_vec(), bytes].concat();
            prop_assert!(objection(&header).is_none_or(|why| why.starts_with("is ")));
        }
    }
}
