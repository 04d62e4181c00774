"""Types of the network's inputs: TensorFlow traces it once for all sizes."""

import tensorflow as tf

from models.network.batch import CrystalBatch

INDEX = tf.TensorSpec([None], tf.int32)
NUMBER = tf.TensorSpec([None], tf.float32)


BATCH_SIGNATURE = CrystalBatch(
    species=INDEX,
    atom_share=NUMBER,
    atom_crystal=INDEX,
    center=INDEX,
    neighbor=INDEX,
    distance=NUMBER,
    bond_weight=NUMBER,
    bond_share=NUMBER,
    bond_crystal=INDEX,
    descriptors=tf.TensorSpec([None, None], tf.float32),
)
