//! One product of matrices, in blocks that stay in registers: nearly all of the recogniser's time is spent here.

const BLOCK_ROWS: usize = 4;
const BLOCK_COLUMNS: usize = 8;

/// Adds `left` (rows × inner) times `right` (inner × columns) to `sums`; all of them row by row.
pub(super) fn add_product(sums: &mut [f32], left: &[f32], right: &[f32], [rows, inner, columns]: [usize; 3]) {
    assert_eq!((sums.len(), left.len(), right.len()), (rows * columns, rows * inner, inner * columns));
    let left_blocks: Vec<Vec<[f32; BLOCK_ROWS]>> = (0..rows)
        .step_by(BLOCK_ROWS)
        .map(|first| {
            let value = |row: usize, at: usize| if row < rows { left[row * inner + at] } else { 0.0 };
            (0..inner).map(|at| std::array::from_fn(|row| value(first + row, at))).collect()
        })
        .collect();
    let mut right_block = vec![[0.0; BLOCK_COLUMNS]; inner];
    for column in (0..columns).step_by(BLOCK_COLUMNS) {
        let width = BLOCK_COLUMNS.min(columns - column);
        for (at, packed) in right_block.iter_mut().enumerate() {
            packed[..width].copy_from_slice(&right[at * columns + column..][..width]);
        }
        for (number, left_block) in left_blocks.iter().enumerate() {
            let block = product_of_blocks(left_block, &right_block);
            for (row, values) in block.iter().enumerate().take(rows - number * BLOCK_ROWS) {
                let place = (number * BLOCK_ROWS + row) * columns + column;
                for (sum, value) in sums[place..][..width].iter_mut().zip(values) {
                    *sum += value;
                }
            }
        }
    }
}

fn product_of_blocks(left: &[[f32; BLOCK_ROWS]], right: &[[f32; BLOCK_COLUMNS]]) -> [[f32; BLOCK_COLUMNS]; BLOCK_ROWS] {
    let mut block = [[0.0; BLOCK_COLUMNS]; BLOCK_ROWS];
    for (left, right) in left.iter().zip(right) {
        for (sums, factor) in block.iter_mut().zip(left) {
            for (sum, value) in sums.iter_mut().zip(right) {
                *sum += factor * value;
            }
        }
    }
    block
}

/// Rows as columns.
pub(super) fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = vec![0.0; matrix.len()];
    for (row, values) in matrix.chunks_exact(columns).enumerate() {
        for (column, value) in values.iter().enumerate() {
            turned[column * rows + row] = *value;
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_in_blocks_is_the_product() {
        for sizes @ [rows, inner, columns] in [[1, 1, 1], [4, 3, 8], [5, 7, 19], [9, 2, 8]] {
            let values = |count: usize, step: f32| (0..count).map(|at| (at as f32 * step).sin()).collect::<Vec<_>>();
            let (left, right) = (values(rows * inner, 0.7), values(inner * columns, 1.3));
            let mut sums = vec![1.0; rows * columns];
            add_product(&mut sums, &left, &right, sizes);
            for (place, sum) in sums.iter().enumerate() {
                let (row, column) = (place / columns, place % columns);
                let expected: f32 = (0..inner).map(|at| left[row * inner + at] * right[at * columns + column]).sum();
                assert!((sum - 1.0 - expected).abs() < 1e-5, "{sizes:?}, {place}");
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
