// Small zero-based bars: a picture of an hour, and bars behind the rows of a list.
import { Text } from "@mantine/core";
import { type CSSProperties, useId } from "react";

/** Equal intervals, oldest first; the last may be incomplete and is drawn lighter. */
export function Bars({ values, label, described, title }: BarsProps) {
  const id = useId();
  const most = Math.max(1, ...values);
  const width = 100 / values.length;
  return (
    <>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        aria-describedby={id}
        className="bars"
      >
        {values.map((value, index) => (
          <rect
            key={index}
            x={index * width + width * 0.12}
            width={width * 0.76}
            y={40 - (40 * value) / most}
            height={(40 * value) / most}
            opacity={index === values.length - 1 ? 0.45 : 1}
          >
            <title>{title(value, index)}</title>
          </rect>
        ))}
      </svg>
      <p id={id} hidden>
        {described}
      </p>
    </>
  );
}
type BarsProps = {
  values: number[];
  label: string;
  described: string;
  title: (value: number, index: number) => string;
};

/** `more` is a name for engineers, small beside the one for people. */
type Row = { name: string; more?: string; value: number; shown: string };

/** Names with their numbers, a bar behind each as long as its share of `of`, else of the largest. */
export function RankedBars({ rows, label, of }: { rows: Row[]; label: string; of?: number }) {
  const most = Math.max(1, of ?? Math.max(...rows.map((row) => row.value)));
  return (
    <ol className="ranked" aria-label={label}>
      {rows.map((row) => (
        <li key={row.more ?? row.name}>
          <div
            className="ranked-bar"
            style={{ "--part": `${(100 * row.value) / most}%` } as CSSProperties}
          />
          <Text size="sm">
            {row.name} {row.more && <code className="quiet">{row.more}</code>}
          </Text>
          <Text size="sm" fw={600}>
            {row.shown}
          </Text>
        </li>
      ))}
    </ol>
  );
}
