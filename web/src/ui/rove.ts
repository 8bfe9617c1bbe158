// One stop of the tab key for a picture of many parts: the arrow keys go on from there.
import type { KeyboardEvent } from "react";

const WAYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function middle(node: Element): [number, number] {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/** What lies nearest in a direction; what lies aside is as far as thrice its distance. */
export function nearest(from: [number, number], others: [number, number][], way: [number, number]): number {
  const far = others.map(([x, y]) => {
    const [across, down] = [x - from[0], y - from[1]];
    const along = across * way[0] + down * way[1];
    const aside = Math.abs(across * way[1]) + Math.abs(down * way[0]);
    return along > 1 ? along + 3 * aside : Number.POSITIVE_INFINITY;
  });
  const best = Math.min(...far);
  return Number.isFinite(best) ? far.indexOf(best) : -1;
}

/**
 * Moves the focus among the parts of what it listens on, which are marked `data-part`. One of them
 * has `tabIndex` 0, the others -1.
 */
export function rove(event: KeyboardEvent<Element>): void {
  const way = WAYS[event.key];
  const from = event.target as Element;
  if (!way || !from.hasAttribute("data-part")) return;
  const parts = [...event.currentTarget.querySelectorAll<HTMLElement | SVGElement>("[data-part]")];
  event.preventDefault();
  parts[nearest(middle(from), parts.map(middle), way)]?.focus();
}
