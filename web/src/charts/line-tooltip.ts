// What stands at the pointer: the interval, and each line's value, share and difference.
import { difference, share } from "../ui/numbers";
import { GREY, type Scheme } from "./colours";
import { type LinesData, valueIn } from "./line-option";
import { texts } from "./texts";

function add(parent: HTMLElement, tag: string, text: string, style = ""): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  node.setAttribute("style", style);
  return parent.appendChild(node);
}

function row(box: HTMLElement, tint: string, name: string, value: string, more?: string) {
  const line = add(box, "div", "", "display:flex;gap:8px;align-items:center;margin-top:4px");
  add(line, "span", "", `width:8px;height:8px;border-radius:4px;background:${tint}`);
  add(line, "span", name, "margin-right:auto;padding-right:16px");
  add(line, "strong", value, "font-variant-numeric:tabular-nums;font-weight:600");
  if (more) {
    const style = "min-width:56px;text-align:right;font-variant-numeric:tabular-nums;opacity:.75";
    add(line, "span", more, style);
  }
}

export function tooltip(data: LinesData, tints: string[], scheme: Scheme, index: number): HTMLElement {
  const { at, lines, before, incomplete, additive, marks = [] } = data;
  const told = valueIn(data);
  const box = document.createElement("div");
  const open = incomplete[index] ?? false;
  const when = at[index] ?? "";
  add(box, "strong", open ? texts.notOver(when) : when, "font-weight:600");
  const sum = lines.reduce((all, line) => all + (line.values[index] ?? 0), 0);
  lines.forEach((line, place) => {
    const value = line.values[index] ?? undefined;
    const of = additive && lines.length > 1 && sum > 0 ? value : undefined;
    const words = value === undefined ? texts.noValue : told(value);
    row(box, tints[place] ?? "", line.name, words, of === undefined ? undefined : share(of / sum));
  });
  const alone = lines.length === 1 ? lines[0]?.values : undefined;
  const then = before?.[index] ?? undefined;
  const now = alone?.[index] ?? undefined;
  const earlier = alone?.[index - 1] ?? undefined;
  if (alone && then !== undefined) {
    // What is not over cannot be held against what is.
    const change = open || now === undefined ? undefined : difference(now, then);
    row(box, GREY[scheme], texts.before, told(then), change);
  } else if (now !== undefined && !open && !incomplete[index - 1]) {
    const change = difference(now, earlier);
    const words = change && texts.against(change, at[index - 1] ?? "");
    if (words) add(box, "div", words, "margin-top:4px;opacity:.75");
  }
  marks.forEach(({ place, told }, number) => {
    const style = "margin-top:8px;max-width:36ch;white-space:normal";
    if (place === index) add(box, "div", `${number + 1}. ${told.join("; ")}`, style);
  });
  return box;
}
