/**
 * The middle of the values; of an even number of them, the mean of the middle two.
 *
 * @param {readonly number[]} values at least one
 */
export function median(values) {
  if (values.length === 0) throw new RangeError("median: expected at least one value");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The least and the greatest of the values.
 *
 * @param {readonly number[]} values at least one
 * @returns {[low: number, high: number]}
 */
export function range(values) {
  if (values.length === 0) throw new RangeError("range: expected at least one value");
  return [Math.min(...values), Math.max(...values)];
}

/**
 * The slope of the least-squares line through the points.
 *
 * @param {readonly (readonly [x: number, y: number])[]} points at least two, not all with the same x
 */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let covariance = 0;
  let variance = 0;
  for (const [x, y] of points) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  if (!(variance > 0)) throw new RangeError("slope: expected points with different x");
  return covariance / variance;
}

/**
 * How a cost grows with the work: the e in cost ~ work^e. 0 is a cost that stays the same, 1 one that doubles when the work
 * doubles.
 *
 * @param {readonly (readonly [work: number, cost: number])[]} points at least two, all numbers above 0
 */
export function exponent(points) {
  return slope(points.map(([work, cost]) => [Math.log(work), Math.log(cost)]));
}
