/* What nothing beats, and what no known network exceeds: the twins of advisor/solve/recommend/non_dominated.py on
   two axes and of advisor/prediction/bound.py. */

/**
 * The candidates that no other one beats on two metrics, along the first; `positions` are in order, and
 * of equal candidates the first stays.
 */
function frontierOf(table, column, [x, y], positions) {
  const badness = [x, y].map((metric) => badnessOf(table, column, { metric }));
  const known = positions.filter((row) => badness.every((figure) => figure(row) < Infinity));
  let least = Infinity;
  return sortedBy(known, badness).filter((row) => {
    const better = badness[1](row) < least;
    if (better) least = badness[1](row);
    return better;
  });
}

/** The least line on or above the accuracy of all known networks against their frame rate; or null. */
function accuracyBound(table, column, positions) {
  const [rate, accuracy] = [column("fps").value, column("accuracy_top1_percent").value];
  const points = positions
    .filter((row) => !Number.isNaN(rate[row] + accuracy[row]) && !isPredicted(table, "fps", row))
    .map((row) => [rate[row], accuracy[row]]);
  return points.length ? leastLineAbove(points) : null;
}

/** y <= intercept - slope * x for all points; it says nothing beyond their range. */
function leastLineAbove(points) {
  const xs = points.map(([x]) => x);
  const middle = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  let [intercept, slope] = [Math.max(...points.map(([, y]) => y)), 0];
  const hull = upperHull(points);
  for (let corner = 1; corner < hull.length; corner++) {
    const [[x0, y0], [x1, y1]] = [hull[corner - 1], hull[corner]];
    if (x0 <= middle && middle <= x1 && y1 < y0) {
      slope = (y0 - y1) / (x1 - x0);
      intercept = y0 + slope * x0;
    }
  }
  return { intercept, slope, range: [Math.min(...xs), Math.max(...xs)] };
}

/** The falling corners of the upper convex hull, from left to right. */
function upperHull(points) {
  let highest = -Infinity;
  const kept = [...points]
    .sort(([x0, y0], [x1, y1]) => x1 - x0 || y1 - y0)
    .filter(([, y]) => y > highest && ((highest = y), true))
    .reverse();
  const hull = [];
  for (const point of kept) {
    while (hull.length && (hull.at(-1)[0] === point[0] || notAbove(hull, point))) hull.pop();
    hull.push(point);
  }
  return hull;
}

/** Whether the last corner lies on or below the line from the one before it to a point. */
function notAbove(hull, [x, y]) {
  if (hull.length < 2) return false;
  const [[x0, y0], [x1, y1]] = hull.slice(-2);
  return (y1 - y0) * (x - x0) <= (y - y0) * (x1 - x0);
}
