// Lines over time: zero-based, labelled at their ends, the incomplete interval dashed, the period
// before as a thin grey line.
import { useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";

import { full, share, short } from "../ui/numbers";
import { colours, GREY } from "./colours";
import { Drawing } from "./drawing";

export type Line = { name: string; values: number[] };
type LinesProps = {
  /** What each interval is called; one for each value. */
  at: string[];
  lines: Line[];
  /** The same intervals of the period before. */
  before?: number[];
  /** Whether the last interval is not over. */
  incomplete: boolean;
  label: string;
};

const INK = { light: "#5a6472", dark: "#a3adba" };
const RULE = { light: "#e4e7ec", dark: "#2b3038" };
const NARROW = 560;

function tooltip(props: LinesProps, tints: string[], index: number): HTMLElement {
  const { at, lines, before } = props;
  const box = document.createElement("div");
  const add = (parent: HTMLElement, tag: string, text: string, style = "") => {
    const node = document.createElement(tag);
    node.textContent = text;
    node.setAttribute("style", style);
    return parent.appendChild(node);
  };
  add(box, "strong", at[index] ?? "");
  const sum = lines.reduce((all, line) => all + (line.values[index] ?? 0), 0);
  const row = (name: string, value: number, tint: string, more: string) => {
    const line = add(box, "div", "", "display:flex;gap:16px;justify-content:space-between");
    const left = add(line, "span", "");
    add(left, "span", "●", `color:${tint};margin-right:6px`);
    add(left, "span", name);
    add(line, "span", `${full(value)}${more}`, "font-variant-numeric:tabular-nums");
  };
  lines.forEach((line, place) => {
    const value = line.values[index] ?? 0;
    const part = lines.length > 1 && sum > 0 ? ` · ${share(value / sum)}` : "";
    row(line.name, value, tints[place] ?? "", part);
  });
  const then = before?.[index];
  if (then !== undefined) {
    const now = lines[0]?.values[index] ?? 0;
    const change = then > 0 ? ` · ${now >= then ? "+" : ""}${share(now / then - 1)}` : "";
    row("before", then, GREY.light, change);
  }
  return box;
}

function option(props: LinesProps, scheme: "light" | "dark", room: number) {
  const { at, lines, before, incomplete } = props;
  const tints = colours(
    lines.map((line) => line.name),
    scheme,
  );
  const last = at.length - 1;
  const narrow = room < NARROW;
  const base = { type: "line", symbolSize: 5, showSymbol: at.length <= 2, connectNulls: false };
  const drawn = lines.flatMap(({ name, values }, place) => {
    const tint = tints[place];
    const line = { ...base, name, itemStyle: { color: tint } };
    const whole = values.map((value, index) => (incomplete && index === last ? null : value));
    const tail = values.map((value, index) => (index >= last - 1 ? value : null));
    const end = {
      show: lines.length > 1 && !narrow,
      formatter: name.length > 18 ? `${name.slice(0, 17)}…` : name,
      color: tint,
    };
    const labelled = { endLabel: end, labelLayout: { moveOverlap: "shiftY" } };
    const solid = { ...line, data: whole, lineStyle: { width: 2, color: tint } };
    const dashed = { ...line, data: tail, lineStyle: { width: 2, type: "dashed", color: tint } };
    return incomplete ? [solid, { ...dashed, ...labelled }] : [{ ...solid, ...labelled }];
  });
  const thin = { ...base, name: "before", data: before, silent: true, symbol: "none" };
  const grey = { width: 1, color: GREY[scheme] };
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: { left: 8, right: lines.length > 1 && !narrow ? 130 : 16, top: 16, bottom: 8, containLabel: true },
    xAxis: {
      type: "category",
      data: at,
      boundaryGap: false,
      axisLine: { lineStyle: { color: RULE[scheme] } },
      axisTick: { show: false },
      axisLabel: { color: INK[scheme], fontSize: 12, hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: 0,
      splitNumber: 4,
      splitLine: { lineStyle: { color: RULE[scheme] } },
      axisLabel: { color: INK[scheme], fontSize: 12, formatter: short },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: scheme === "dark" ? "#232933" : "#ffffff",
      borderColor: RULE[scheme],
      textStyle: { color: scheme === "dark" ? "#e8ebf0" : "#1d232b", fontSize: 13 },
      formatter: (shown: { dataIndex: number }[]) => tooltip(props, tints, shown[0]?.dataIndex ?? 0),
    },
    series: before ? [{ ...thin, lineStyle: grey, itemStyle: { color: grey.color } }, ...drawn] : drawn,
  };
}

export function Lines(props: LinesProps) {
  const scheme = useComputedColorScheme("light");
  const { at, lines, before, incomplete } = props;
  const told = JSON.stringify([at, lines, before, incomplete]);
  const room = typeof window === "undefined" ? 1280 : window.innerWidth;
  const drawn = useMemo(
    () => option(props, scheme, room),
    // The picture changes with its numbers and colours, not with the objects that carry them.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [told, scheme, room],
  );
  return <Drawing option={drawn} height={320} label={props.label} />;
}
