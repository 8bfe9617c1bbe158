// A chart drawn by ECharts, which is loaded with the first chart.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";

const engine = () => import("./echarts");

export function Drawing({ option, height, label }: DrawingProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef(option);
  useEffect(() => {
    let gone = false;
    const watch = new ResizeObserver(() => chart.current?.resize());
    void engine().then(({ init }) => {
      if (gone || !place.current) return;
      chart.current = init(place.current);
      chart.current.setOption(latest.current, true);
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
    latest.current = option;
    chart.current?.setOption(option, true);
  }, [option]);
  return <div ref={place} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}
type DrawingProps = { option: EChartsCoreOption; height: number; label: string };
