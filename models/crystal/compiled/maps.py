"""Maps of lattices and of sites, tried one by one until the first misfit."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.compiling.compiler import entry, inlined, inner
from models.crystal.compiled.lengths import largest_length

N_VECTORS = 27  # sums of lattice vectors, each taken -1, 0 or 1 times
START = 64  # maps that there is memory for at first
Ints = NDArray[np.int64]


class ComparedSites(NamedTuple):
    """The sites to be mapped, and those of the same element that they are compared with.

    `order`, `kind` [n]: the sites in turn and the element of each. Of an element: `shape`
    [n_kinds, 3] of its voxels; `start` and `width` [n_kinds]: where in `table` the sites near its
    first voxel begin, and how many there are near each voxel.
    """

    order: Ints
    kind: Ints
    shape: Ints
    width: Ints
    start: Ints
    table: Ints


@entry
def find_maps(source: Any, target: Any, unlike: Any) -> Any:
    """Return integer matrices [m, 3, 3] from one reduced metric to another, and strains [m]."""
    vectors = _vectors()
    products = np.empty((N_VECTORS, N_VECTORS))
    for a in range(N_VECTORS):
        for b in range(N_VECTORS):
            products[a, b] = _product(vectors[a], target, vectors[b])
    size = np.sqrt(np.diag(source))
    near, count = _of_alike_length(products, size, unlike)
    rotation = np.empty((START, 3, 3), dtype=np.int64)
    strain = np.empty(START)
    n = 0
    for i in near[0, : count[0]]:
        for j in near[1, : count[1]]:
            if not _fits(products[i, j], source, size, 0, 1, unlike):
                continue
            for k in near[2, : count[2]]:
                change = _strain(products, source, size, (i, j, k), unlike)
                if change >= unlike or not _is_basis(vectors[i], vectors[j], vectors[k]):
                    continue
                if n == len(strain):
                    rotation = np.concatenate((rotation, np.empty_like(rotation)))
                    strain = np.concatenate((strain, np.empty_like(strain)))
                rotation[n, :, 0], rotation[n, :, 1] = vectors[i], vectors[j]
                rotation[n, :, 2], strain[n] = vectors[k], change
                n += 1
    return rotation[:n].copy(), strain[:n].copy()


@inner
def _vectors() -> Any:
    vectors = np.empty((N_VECTORS, 3), dtype=np.int64)
    for index in range(N_VECTORS):
        vectors[index, 0] = index // 9 - 1
        vectors[index, 1] = index // 3 % 3 - 1
        vectors[index, 2] = index % 3 - 1
    return vectors


@inlined
def _product(first: Any, metric: Any, second: Any) -> Any:
    total = 0.0
    for a in range(3):
        for b in range(3):
            total += first[a] * metric[a, b] * second[b]
    return total


@inner
def _of_alike_length(products: Any, size: Any, unlike: Any) -> Any:
    """Return the vectors about as long as each of three, and how many there are."""
    near = np.empty((3, N_VECTORS), dtype=np.int64)
    count = np.zeros(3, dtype=np.int64)
    for axis in range(3):
        for index in range(N_VECTORS):
            if abs(products[index, index] / size[axis] ** 2 - 1) < 3 * unlike:
                near[axis, count[axis]] = index
                count[axis] += 1
    return near, count


@inlined
def _fits(product: Any, source: Any, size: Any, a: Any, b: Any, unlike: Any) -> Any:
    return abs(product - source[a, b]) < 3 * unlike * size[a] * size[b]


@inlined
def _is_basis(first: Any, second: Any, third: Any) -> Any:
    """Return whether the determinant of three vectors is 1 or -1."""
    determinant = (
        first[0] * (second[1] * third[2] - second[2] * third[1])
        - first[1] * (second[0] * third[2] - second[2] * third[0])
        + first[2] * (second[0] * third[1] - second[1] * third[0])
    )
    return abs(determinant) == 1


@inner
def _strain(products: Any, source: Any, size: Any, vectors: Any, unlike: Any) -> Any:
    """Return the strain of a map, which is that of a stretch along one axis.

    Infinite where the third vector does not fit the others.
    """
    _, _, k = vectors
    for axis in range(2):
        if not _fits(products[vectors[axis], k], source, size, axis, 2, unlike):
            return np.inf
    total = 0.0
    for a in range(3):
        for b in range(3):
            change = (products[vectors[a], vectors[b]] - source[a, b]) / (size[a] * size[b])
            total += change * change
    return 0.75 * np.sqrt(total / 9)


@entry
def map_sites(
    positions: Any,
    targets: Any,
    metric: Any,
    rotation: Any,
    translation: Any,
    sites: Any,
    far: Any,
) -> Any:
    """Return which candidates [m] map all atoms one to one, with images and residuals.

    `positions`, `targets` [n, 3]: fractional, of source and target; `metric`: the target's.
    `sites`: what is compared. The images are atoms of the target [m, n], the residuals go from
    these to where the source's atoms are mapped [m, n, 3], their mean zero; last comes the largest
    residual [m] in A, below `far`. A residual before the mean is taken off is at most twice `far`,
    as the translation is off by one atom's residual.
    """
    n_sites = len(positions)
    image = np.empty((START, n_sites), dtype=np.int64)
    residual = np.empty((START, n_sites, 3))
    error = np.empty(START)
    chosen = np.empty(len(translation), dtype=np.int64)
    taken = np.empty(n_sites, dtype=np.int64)
    taken[:] = -1
    n = 0
    for c in range(len(translation)):
        if n == len(error):
            image = np.concatenate((image, np.empty_like(image)))
            residual = np.concatenate((residual, np.empty_like(residual)))
            error = np.concatenate((error, np.empty_like(error)))
        fits = _map_all(
            positions, targets, metric, rotation[c], translation[c], sites, (2 * far) ** 2,
            image[n], residual[n],
        )  # fmt: skip
        if not fits:
            continue
        error[n] = _centered(residual[n], metric)
        if error[n] < far and _one_to_one(image[n], taken, c):
            chosen[n] = c
            n += 1
    return chosen[:n].copy(), image[:n].copy(), residual[:n].copy(), error[:n].copy()


@inner
def _map_all(
    positions: Any,
    targets: Any,
    metric: Any,
    rotation: Any,
    translation: Any,
    sites: Any,
    farthest: Any,
    image: Any,
    residual: Any,
) -> Any:
    """Write image and residual of each site; return False at the first that is too far off."""
    place = np.empty(3)
    for index in range(len(sites.order)):
        site, kind = sites.order[index], sites.kind[index]
        for a in range(3):
            place[a] = translation[a]
            for b in range(3):
                place[a] += rotation[a, b] * positions[site, b]
        width = sites.width[kind]
        first = sites.start[kind] + width * _voxel(place, sites.shape[kind])
        least, nearest = np.inf, -1
        for target in sites.table[first : first + width]:
            square = _square_apart(place, targets[target], metric)
            if square < least:
                least, nearest = square, target
        if not least < farthest:
            return False
        image[site] = nearest
        for a in range(3):
            apart = place[a] - targets[nearest, a]
            residual[site, a] = apart - np.rint(apart)
    return True


@inlined
def _voxel(place: Any, shape: Any) -> Any:
    """Return the index of the voxel that a fractional position lies in."""
    index = 0
    for a in range(3):
        step = np.int64(np.floor((place[a] - np.floor(place[a])) * shape[a]))
        index = index * shape[a] + min(step, shape[a] - 1)  # just below 0 is rounded to 1
    return index


@inlined
def _square_apart(one: Any, other: Any, metric: Any) -> Any:
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    x, y, z = x - np.rint(x), y - np.rint(y), z - np.rint(z)
    return (
        x * (x * metric[0, 0] + y * metric[1, 0] + z * metric[2, 0])
        + y * (x * metric[0, 1] + y * metric[1, 1] + z * metric[2, 1])
        + z * (x * metric[0, 2] + y * metric[1, 2] + z * metric[2, 2])
    )


@inner
def _centered(residual: Any, metric: Any) -> Any:
    """Take the mean off the residuals; return the largest in A."""
    for a in range(3):
        mean = 0.0
        for site in range(len(residual)):
            mean += residual[site, a]
        mean /= len(residual)
        for site in range(len(residual)):
            residual[site, a] -= mean
    return largest_length(residual, metric)


@inner
def _one_to_one(image: Any, taken: Any, candidate: Any) -> Any:
    """Return whether no atom is the image of two; `taken` keeps by which candidate it was last."""
    for atom in image:
        if taken[atom] == candidate:
            return False
        taken[atom] = candidate
    return True
