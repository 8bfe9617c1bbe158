// Small zero-based bars without axes: a picture of an hour, and bars behind the rows of a list.
import { Text } from "@mantine/core";

/** Equal intervals, oldest first; the last may be incomplete and is drawn lighter. */
export function Bars({ values, label, title }: BarsProps) {
  const most = Math.max(1, ...values);
  const width = 100 / values.length;
  return (
    <svg
      viewBox="0 0 100 40"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
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
  );
}
type BarsProps = {
  values: number[];
  label: string;
  title: (value: number, index: number) => string;
};

type Row = { name: string; value: number; shown: string };

/** Names with their numbers, a bar behind each as long as its share of the largest. */
export function RankedBars({ rows, label }: { rows: Row[]; label: string }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return (
    <ol className="ranked" aria-label={label}>
      {rows.map((row) => (
        <li key={row.name}>
          <div className="ranked-bar" style={{ width: `${(100 * row.value) / most}%` }} />
          <Text size="sm" truncate>
            {row.name}
          </Text>
          <Text size="sm" fw={600}>
            {row.shown}
          </Text>
        </li>
      ))}
    </ol>
  );
}
