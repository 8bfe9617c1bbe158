// Series colours: Okabe and Ito's set, which stays apart for colour-blind eyes
// (https://jfly.uni-koeln.de/color/), darkened or lightened where it lacks contrast with the page;
// and the colours of what is drawn around the series, which follow app.css.

export type Scheme = "light" | "dark";

/** The last stands near the greys: it is taken when the others are. */
const SET: Record<Scheme, string[]> = {
  light: ["#0072b2", "#d55e00", "#00805b", "#b0518a", "#a87400", "#2f8fc4", "#6a4fb0", "#4a4a4a"],
  dark: ["#56b4e9", "#e69f00", "#2ec793", "#e08fc0", "#f0e442", "#b39ddb", "#ee7733", "#c3c9d2"],
};
export const GREY: Record<Scheme, string> = { light: "#7d8795", dark: "#7d8795" };

export const SHADES: Record<Scheme, Shades> = {
  light: { page: "#f7f8fa", card: "#ffffff", line: "#e4e7ec", ink: "#1d232b", quiet: "#5a6472", track: "#f0f2f5" },
  dark: { page: "#14171c", card: "#1b1f26", line: "#2b3038", ink: "#e8ebf0", quiet: "#a3adba", track: "#232933" },
};
export type Shades = Record<"page" | "card" | "line" | "ink" | "quiet" | "track", string>;

/** What the cells of a heat map are filled with, the stronger the larger. */
export const tintOfHeat = (scheme: Scheme): string => SET[scheme][0] ?? GREY[scheme];

/** A canvas knows no inherited font. */
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

function hash(text: string): number {
  let sum = 2_166_136_261;
  for (const letter of text) sum = Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 16_777_619);
  return sum >>> 0;
}

/**
 * A colour for each name, the same on every page: a name's own colour where it is free, else the
 * next free one. Names beyond the set, and `(other)`, are grey.
 */
export function colours(names: string[], scheme: Scheme): string[] {
  const set = SET[scheme];
  const taken = new Set<number>();
  return names.map((name) => {
    if (name === "(other)" || taken.size === set.length) return GREY[scheme];
    let at = hash(name) % (set.length - 1);
    while (taken.has(at)) at = (at + 1) % set.length;
    taken.add(at);
    return set[at] ?? GREY[scheme];
  });
}
