"""Sums over the entries of each row: bonds of atoms, atoms of crystals."""

import tensorflow as tf


class Rows:
    """Which of `count` rows (atoms, crystals) each entry belongs to, ascending."""

    def __init__(self, index: tf.Tensor, count: tf.Tensor, n_members: int) -> None:
        self.count = count
        self._index = index
        self._n_members = n_members
        members = tf.range(n_members)[:, None] * count
        self._by_member = tf.reshape(members + index[None, :], [-1])

    def repeat(self, row: tf.Tensor) -> tf.Tensor:
        """Return one row [n_members, 1, width] for all of them [n_members, count, width]."""
        return tf.tile(row, [1, self.count, 1])

    def spread(self, rows: tf.Tensor) -> tf.Tensor:
        """Return each entry's row [n_members, n_entries, width]."""
        return tf.gather(rows, self._index, axis=1)

    def sum(self, entries: tf.Tensor) -> tf.Tensor:
        """Return the sums over each row's entries [n_members, count, width]."""
        width = entries.shape[-1]
        sums = tf.math.segment_sum(tf.reshape(entries, [-1, width]), self._by_member)
        return tf.reshape(sums, [self._n_members, self.count, width])

    def greatest(self, entries: tf.Tensor) -> tf.Tensor:
        """Return the greatest of each row's entries [n_members, count, 1], as a constant."""
        flat = tf.reshape(tf.stop_gradient(entries), [-1])
        greatest = tf.math.segment_max(flat, self._by_member)
        return tf.reshape(greatest, [self._n_members, self.count, 1])
