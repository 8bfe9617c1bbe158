//! How large values are: of rows, of the largest of them, and how large one may be.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, RecordBatch,
};
use datafusion::arrow::datatypes::DataType;

/// Bytes of one value: of a text, or of all items of a list.
pub(crate) const VALUE_BYTES_MAX: usize = 64 << 10;

/// Bytes that an item of a list takes at least: it can become a row, a number or a place.
const ITEM_BYTES: usize = 8;

/// Bytes of an array's rows.
pub(crate) fn size(array: &dyn Array) -> usize {
    let data = array.to_data();
    data.get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
}

/// Bytes of the largest value of an array.
pub(crate) fn largest(array: &dyn Array) -> usize {
    rows_of(array).into_iter().max().unwrap_or(0)
}

/// Bytes of each row of a batch; as far as they are known when one is found that is larger than
/// this.
pub(crate) fn row_sizes(batch: &RecordBatch, bytes_max: usize) -> Vec<usize> {
    let mut rows = vec![0usize; batch.num_rows()];
    for column in batch.columns() {
        add(column, &mut rows);
        if rows.iter().any(|bytes| *bytes > bytes_max) {
            break;
        }
    }
    rows
}

/// Rows that each row becomes when the lists of these columns are unnested, at most.
pub(crate) fn items(batch: &RecordBatch, columns: &[usize]) -> Vec<usize> {
    let mut rows = vec![0usize; batch.num_rows()];
    for column in columns {
        for (row, items) in rows.iter_mut().zip(leaves(batch.column(*column))) {
            *row += items;
        }
    }
    rows
}

fn rows_of(array: &dyn Array) -> Vec<usize> {
    let mut rows = vec![0usize; array.len()];
    add(array, &mut rows);
    rows
}

/// Adds each value's bytes to those of its row.
fn add(array: &dyn Array, rows: &mut [usize]) {
    match array.data_type() {
        DataType::Utf8 => between(array.as_string::<i32>().value_offsets(), rows),
        DataType::LargeUtf8 => between(array.as_string::<i64>().value_offsets(), rows),
        DataType::Binary => between(array.as_binary::<i32>().value_offsets(), rows),
        DataType::LargeBinary => between(array.as_binary::<i64>().value_offsets(), rows),
        DataType::Utf8View => {
            for (row, view) in rows.iter_mut().zip(array.as_string_view().views()) {
                *row += *view as u32 as usize;
            }
        }
        DataType::BinaryView => {
            for (row, view) in rows.iter_mut().zip(array.as_binary_view().views()) {
                *row += *view as u32 as usize;
            }
        }
        DataType::List(_) => lists(array.as_list::<i32>(), rows),
        DataType::LargeList(_) => lists(array.as_list::<i64>(), rows),
        kind => {
            // Of others nothing is known but what all take together.
            let one = kind.primitive_width().unwrap_or(match kind {
                DataType::Null | DataType::Boolean => 1,
                _ => size(array),
            });
            rows.iter_mut().for_each(|row| *row += one);
        }
    }
}

fn between<O: OffsetSizeTrait>(offsets: &[O], rows: &mut [usize]) {
    for (row, pair) in rows.iter_mut().zip(offsets.windows(2)) {
        *row += (pair[1] - pair[0]).as_usize();
    }
}

fn lists<O: OffsetSizeTrait>(array: &GenericListArray<O>, rows: &mut [usize]) {
    if let Some(width) = array.value_type().primitive_width() {
        for (row, pair) in rows.iter_mut().zip(array.value_offsets().windows(2)) {
            *row += (pair[1] - pair[0]).as_usize() * width.max(ITEM_BYTES);
        }
        return;
    }
    let of_items = rows_of(array.values().as_ref());
    for (row, pair) in rows.iter_mut().zip(array.value_offsets().windows(2)) {
        let items = &of_items[pair[0].as_usize()..pair[1].as_usize()];
        *row += items.iter().map(|bytes| (*bytes).max(ITEM_BYTES)).sum::<usize>();
    }
}

/// Items of each list, those of lists within it counted by themselves.
fn leaves(array: &ArrayRef) -> Vec<usize> {
    fn of<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Vec<usize> {
        let inner = leaves(array.values());
        let pairs = array.value_offsets().windows(2);
        pairs.map(|pair| inner[pair[0].as_usize()..pair[1].as_usize()].iter().sum()).collect()
    }
    match array.data_type() {
        DataType::List(_) => of(array.as_list::<i32>()),
        DataType::LargeList(_) => of(array.as_list::<i64>()),
        _ => vec![1; array.len()],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        BooleanArray, Int64Array, ListArray, StringArray, StringViewArray,
    };
    use datafusion::arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn values_are_as_large_as_what_is_in_them_and_slices_have_their_own() {
        let texts = StringArray::from(vec![Some("a"), None, Some("four"), Some("")]);
        assert_eq!(rows_of(&texts), [1, 0, 4, 0]);
        assert_eq!(rows_of(&texts.slice(2, 2)), [4, 0]);
        let long = "x".repeat(100);
        assert_eq!(rows_of(&StringViewArray::from(vec!["a", long.as_str()])), [1, 100]);
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
            Some(vec![Some(1), Some(2)]),
            None,
            Some(vec![None; 3]),
        ]);
        assert_eq!(rows_of(&lists), [16, 0, 24]);
        assert_eq!(rows_of(&lists.slice(2, 1)), [24]);
        assert_eq!(largest(&lists), 24);
        assert_eq!(rows_of(&Int64Array::from(vec![1, 2])), [8, 8]);
        assert_eq!(rows_of(&BooleanArray::from(vec![true])), [1]);
        let batch = RecordBatch::try_from_iter([("l", Arc::new(lists) as ArrayRef)]).unwrap();
        assert_eq!(
            (row_sizes(&batch, 100), items(&batch, &[0, 0])),
            (vec![16, 0, 24], vec![4, 0, 6])
        );
    }
}
