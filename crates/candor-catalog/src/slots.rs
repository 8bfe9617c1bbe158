//! Slots: the numbers by which messages are kept. A run's messages lie together, part by part.

use candor_event::AccountId;
use sqlx::{Row, Sqlite};

/// Bits of a message's place in its part of the audience, and of the part in its run.
const PLACE_BITS: u32 = 12;
const PART_BITS: u32 = 24;
const PLACES: i64 = 1 << PLACE_BITS;
const PARTS: i64 = 1 << PART_BITS;

const _: () = assert!(crate::lists::PEOPLE_PER_ROW as i64 == PLACES);

/// The slot of the first message of a part.
pub(crate) fn of_part(run: i64, part: u32) -> i64 {
    of_run(run) | (i64::from(part) << PLACE_BITS)
}

fn of_run(run: i64) -> i64 {
    run << (PLACE_BITS + PART_BITS)
}

/// The part and the place of a slot.
pub(crate) fn place_of(slot: i64) -> (u32, u32) {
    ((slot >> PLACE_BITS & (PARTS - 1)) as u32, (slot & (PLACES - 1)) as u32)
}

/// The slots of a run, the last one included; none where there is no such run.
pub(crate) async fn of(
    one: impl sqlx::Executor<'_, Database = Sqlite>,
    account: &AccountId,
    run: &str,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let number = sqlx::query("SELECT number FROM runs WHERE account_id = ? AND run = ?")
        .bind(account.as_str())
        .bind(run)
        .fetch_optional(one)
        .await?;
    Ok(number.map(|row| (of_run(row.get(0)), of_run(row.get::<i64, _>(0) + 1) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_tells_run_part_and_place() {
        for (run, part, place) in [(1, 0, 0), (7, 1, 4_095), (1 << 26, 0xff_ffff, 17)] {
            let slot = of_part(run, part) + place;
            assert_eq!(place_of(slot), (part, place as u32));
            assert!(slot < of_run(run + 1) && slot >= of_run(run));
        }
    }
}
