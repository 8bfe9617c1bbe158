// Series colours: Okabe and Ito's set, which stays apart for colour-blind eyes
// (https://jfly.uni-koeln.de/color/), darkened or lightened where it lacks contrast with the page.

export type Scheme = "light" | "dark";

const SET: Record<Scheme, string[]> = {
  light: ["#0072b2", "#d55e00", "#00805b", "#b0518a", "#a87400", "#2f8fc4", "#6a4fb0", "#4a4a4a"],
  dark: ["#56b4e9", "#e69f00", "#2ec793", "#e08fc0", "#f0e442", "#b39ddb", "#ee7733", "#c3c9d2"],
};
export const GREY: Record<Scheme, string> = { light: "#8a94a3", dark: "#7d8795" };

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
    let at = hash(name) % set.length;
    while (taken.has(at)) at = (at + 1) % set.length;
    taken.add(at);
    return set[at] ?? GREY[scheme];
  });
}
