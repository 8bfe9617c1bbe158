//! Filters of lists.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Datum, Filtered, Trouble, text};

fn items<'v>(value: &Datum<'v>) -> Result<Vec<Datum<'v>>, Trouble> {
    match value.list_len() {
        Some(_) => Ok(value.items().collect()),
        None => Err(Trouble::Unfit("takes a list")),
    }
}

fn made(items: Vec<Datum<'_>>) -> Filtered<'_> {
    Ok(Datum::MadeList(items.into()))
}

/// The texts of all things, with a text (a space, when not said) between them.
pub(super) fn join<'v>(value: Datum<'v>, arguments: &[Datum<'v>], most: usize) -> Filtered<'v> {
    let between = arguments.first().map_or(Ok(" ".into()), text)?;
    let mut out = String::new();
    for (index, item) in items(&value)?.iter().enumerate() {
        if index > 0 {
            out.push_str(&between);
        }
        out.push_str(&text(item)?);
        if out.len() > most {
            return Err(Trouble::TooLong);
        }
    }
    Ok(Datum::made(out))
}

pub(super) fn first<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(items(&value)?.first().cloned().unwrap_or(Datum::Nil))
}

pub(super) fn last<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    Ok(items(&value)?.pop().unwrap_or(Datum::Nil))
}

pub(super) fn reverse<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut items = items(&value)?;
    items.reverse();
    made(items)
}

/// By the things, or by what each holds under a name; those without come last.
pub(super) fn sort<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut keyed = Vec::new();
    for item in items(&value)? {
        let key = match arguments.first() {
            Some(name) => item.step(name).unwrap_or(Datum::Nil),
            None => item.clone(),
        };
        keyed.push((key, item));
    }
    let known = keyed.iter().map(|(key, _)| key).find(|key| !matches!(key, Datum::Nil)).cloned();
    let alike = |key: &Datum<'_>| {
        matches!(key, Datum::Nil) || known.as_ref().is_none_or(|one| one.compare(key).is_some())
    };
    if !keyed.iter().all(|(key, _)| alike(key)) {
        return Err(Trouble::Unfit("takes numbers or texts, not both"));
    }
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Datum::Nil, Datum::Nil) => Ordering::Equal,
        (Datum::Nil, _) => Ordering::Greater,
        (_, Datum::Nil) => Ordering::Less,
        (a, b) => a.compare(b).unwrap_or(Ordering::Equal),
    });
    made(keyed.into_iter().map(|(_, item)| item).collect())
}

/// The first of each.
pub(super) fn uniq<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut seen = BTreeSet::new();
    let mut kept = items(&value)?;
    kept.retain(|item| seen.insert(item.to_json().to_string()));
    made(kept)
}

/// Without what is nothing.
pub(super) fn compact<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut items = items(&value)?;
    items.retain(|item| !matches!(item, Datum::Nil));
    made(items)
}

/// What each thing holds under a name.
pub(super) fn map<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let items = items(&value)?;
    let held = |item: Datum<'v>| item.step(&arguments[0]).unwrap_or(Datum::Nil);
    made(items.into_iter().map(held).collect())
}

/// The things that hold a value under a name; any true one, when not said.
pub(super) fn filter_where<'v>(
    value: Datum<'v>,
    arguments: &[Datum<'v>],
    _: usize,
) -> Filtered<'v> {
    let mut items = items(&value)?;
    items.retain(|item| {
        let held = item.step(&arguments[0]).unwrap_or(Datum::Nil);
        match arguments.get(1) {
            Some(wanted) => held.equals(wanted),
            None => held.is_true(),
        }
    });
    made(items)
}

pub(super) fn concat<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let mut all = items(&value)?;
    all.extend(items(&arguments[0])?);
    made(all)
}
