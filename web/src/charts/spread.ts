// Labels beside the ends of lines: each near its line, none on another.

/** Places near the wished ones, at least `gap` apart, from `least` to `most` where there is room. */
export function spread(wished: number[], gap: number, least: number, most: number): number[] {
  const order = wished.map((_, index) => index);
  order.sort((one, other) => (wished[one] ?? 0) - (wished[other] ?? 0));
  const placed: number[] = new Array<number>(wished.length).fill(0);
  let free = least;
  for (const index of order) {
    placed[index] = Math.max(wished[index] ?? 0, free);
    free = (placed[index] ?? 0) + gap;
  }
  // What was pushed over the end pushes back what stands before it.
  let end = most;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index] ?? 0, end);
    end = (placed[index] ?? 0) - gap;
  }
  return placed;
}
