/** Rows of a table in groups, one request each. */

const MOST = 16; // files, so that a table leaves places in the service's queue
const BYTES = 1_000_000; // fewer than any body that the service takes by default

/** Return rows in groups, at least `count` of them if there are enough rows. */
export function groups(rows, count) {
  const most = Math.min(MOST, Math.ceil(rows.length / count));
  const made = [];
  let [group, bytes] = [[], 0];
  for (const row of rows) {
    if (group.length === most || (group.length > 0 && bytes + row.file.size > BYTES)) {
      made.push(group);
      [group, bytes] = [[], 0];
    }
    group.push(row);
    bytes += row.file.size;
  }
  return group.length > 0 ? [...made, group] : made;
}

/** Return a group as two. */
export function halves(group) {
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}
