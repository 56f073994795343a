//! Bytes with something wrong in them, for property tests.

use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Clone, Debug)]
enum Damage {
    Flip(u8),
    Put(u8),
    Insert(Vec<u8>),
    Remove(usize),
    /// Everything from here on.
    Cut,
    /// What follows is there a second time.
    Repeat(usize),
}

/// One of these byte strings, damaged in some places.
pub(crate) fn bytes(whole: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let damages = prop::collection::vec((any::<Index>(), damage()), 1..4);
    (prop::sample::select(whole), damages).prop_map(|(mut bytes, damages)| {
        for (place, damage) in damages {
            let place = place.index(bytes.len().max(1));
            damage.happen(&mut bytes, place);
        }
        bytes
    })
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (0u8..8).prop_map(|bit| Damage::Flip(1 << bit)),
        4 => any::<u8>().prop_map(Damage::Put),
        2 => prop::collection::vec(any::<u8>(), 1..20).prop_map(Damage::Insert),
        2 => (1usize..20).prop_map(Damage::Remove),
        1 => Just(Damage::Cut),
        1 => (1usize..300).prop_map(Damage::Repeat),
    ]
}

impl Damage {
    fn happen(&self, bytes: &mut Vec<u8>, place: usize) {
        let end = |length: &usize| bytes.len().min(place + length);
        match self {
            Self::Flip(bit) => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= bit),
            Self::Put(new) => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = *new),
            Self::Insert(more) => drop(bytes.splice(place..place, more.iter().copied())),
            Self::Remove(length) => drop(bytes.drain(place..end(length))),
            Self::Cut => bytes.truncate(place),
            Self::Repeat(length) => bytes.extend_from_within(place..end(length)),
        }
    }
}
