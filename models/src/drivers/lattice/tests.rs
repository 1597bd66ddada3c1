use super::*;
use crate::drivers::cells::Leaf;

fn cells() -> Cells {
    let leaf = |sum: f32| Leaf {
        side: [sum, 0.0, 0.0, 1.0],
        ..Leaf::default()
    };
    Cells {
        codes: vec![vec![0, 0, 1, 1], vec![0, 1, 0, 1], vec![0, 0, 0, 1]],
        leaves: [1.0, 2.0, 4.0, 8.0].map(leaf).to_vec(),
        first: 2,
    }
}

fn largest(lattice: &Lattice<'_>) -> (Vec<Condition>, f64) {
    let found = lattice.best(|_, moments| moments.sum[0]);
    let (conditions, _, worth) = found
        .into_iter()
        .max_by(|left, right| {
            left.2
                .total_cmp(&right.2)
                .then(right.0.len().cmp(&left.0.len()))
        })
        .unwrap();
    (conditions, worth)
}

#[test]
fn nodes_are_the_sums_of_their_cells() {
    let cells = cells();
    let shape = Shape::new(&cells, &[2, 2, 2], 3, 1.0);
    let mut lattice = Lattice::new(&cells, 0..4, &shape, 1.0);
    // by one dimension 6, by two 3 + 4 + 3 that occur … and by three the four cells
    assert_eq!(lattice.sizes(), [6, 4 + 3 + 3, 4]);
    let (best, worth) = largest(&lattice);
    assert!((worth - 12.0).abs() < 1e-9);
    assert_eq!(best, [(0, 1)]);
    lattice.take(&[3]);
    let (best, worth) = largest(&lattice);
    assert_eq!(best, [(2, 0)]);
    assert!((worth - 7.0).abs() < 1e-9);
}

#[test]
fn two_halves_are_the_whole() {
    let cells = cells();
    let shape = Shape::new(&cells, &[2, 2, 2], 3, 1.0);
    let half = |range| Lattice::new(&cells, range, &shape, 1.0);
    let joined = half(0..2).joined(&half(2..4), 1.0);
    let whole = half(0..4);
    assert_eq!(joined.sizes(), whole.sizes());
    for (joined, whole) in joined.groups.iter().zip(&whole.groups) {
        assert_eq!(joined.nodes, whole.nodes);
    }
}

#[test]
fn rare_values_are_no_segment() {
    let cells = cells();
    let shape = Shape::new(&cells, &[2, 2, 2], 3, 2.0);
    assert_eq!(Lattice::new(&cells, 0..4, &shape, 2.0).sizes(), [5, 2, 0]);
}

#[test]
fn many_values_are_kept_by_hash() {
    let count = 100_u32;
    let column = |step: u32| (0..count).map(|cell| cell * step % count).collect();
    let cells = Cells {
        codes: vec![column(1), column(3), column(7)],
        leaves: (0..count)
            .map(|cell| Leaf {
                side: [cell as f32, 0.0, 0.0, 1.0],
                ..Leaf::default()
            })
            .collect(),
        first: 0,
    };
    let shape = Shape::new(&cells, &[count; 3], 3, 1.0);
    let lattice = Lattice::new(&cells, 0..count as usize, &shape, 1.0);
    assert!(lattice.groups[0].sparse.is_some());
    assert_eq!(lattice.sizes(), [300, 300, 100]);
    let (best, worth) = largest(&lattice);
    assert_eq!((best, worth), (vec![(0, 99)], 99.0));
}
