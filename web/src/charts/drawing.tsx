// A chart drawn by ECharts, which is loaded with the first chart.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export const engine = () => import("./echarts");

/** `over` is put over the chart each time it is drawn; `described` is read to those who do not see. */
export function Drawing({ option, height, label, described, over }: DrawingProps) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef({ option, over });
  const [above, setAbove] = useState<ReactNode>(null);
  useEffect(() => {
    let gone = false;
    const draw = (drawn: EChartsType) => setAbove(latest.current.over?.(drawn) ?? null);
    const watch = new ResizeObserver(() => {
      chart.current?.resize();
      if (chart.current) draw(chart.current);
    });
    void engine().then(({ init }) => {
      if (gone || !place.current) return;
      chart.current = init(place.current);
      chart.current.setOption(latest.current.option, true);
      watch.observe(place.current);
    });
    return () => {
      gone = true;
      watch.disconnect();
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    latest.current = { option, over };
    chart.current?.setOption(option, true);
    if (chart.current) setAbove(over?.(chart.current) ?? null);
    // What is put over a chart changes with the chart.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [option]);
  return (
    <div style={{ position: "relative" }}>
      <div
        ref={place}
        role="img"
        aria-label={label}
        aria-describedby={id}
        style={{ height, width: "100%" }}
      />
      <p id={id} hidden>
        {described}
      </p>
      {above}
    </div>
  );
}
type DrawingProps = {
  option: EChartsCoreOption;
  height: number;
  label: string;
  described: string;
  over?: (chart: EChartsType) => ReactNode;
};
