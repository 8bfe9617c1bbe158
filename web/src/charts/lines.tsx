// Lines over time, with their names beside their ends, or below where the page is narrow.
import { useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";

import { GREY, type Scheme } from "./colours";
import { linesInWords } from "./described";
import { Drawing, engine } from "./drawing";
import { endsOf } from "./ends";
import { Keys } from "./keys";
import { lineOption, type LinesData, tintsOf } from "./line-option";
import { type Frame, frame, WIDTH } from "./picture";
import { texts } from "./texts";

const HEIGHT = 320;

/** One line needs no name: the question has it. */
const isMany = ({ lines, before }: LinesData) => lines.length > 1 || before !== undefined;

export function Lines({ data, label }: { data: LinesData; label: string }) {
  const scheme = useComputedColorScheme("light");
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const many = isMany(data);
  const named = many && !narrow;
  const told = JSON.stringify(data);
  const drawn = useMemo(
    () => lineOption(data, scheme, named),
    // The picture changes with its numbers and colours, not with the objects that carry them.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [told, scheme, named],
  );
  return (
    <>
      <Drawing
        option={drawn}
        height={HEIGHT}
        label={label}
        described={linesInWords(data.at, data.lines, data.incomplete)}
        over={(chart) =>
          named &&
          endsOf(chart, data, scheme).map(({ name, tint, left, top, width }) => (
            <div key={name} className="end" title={name} aria-hidden style={{ left, top, width }}>
              <span style={{ background: tint }} /> {name}
            </div>
          ))
        }
      />
      {many && narrow && (
        <Keys
          names={[...data.lines.map(({ name }) => name), ...(data.before ? [texts.before] : [])]}
          tints={[...tintsOf(data.lines, scheme), GREY[scheme]]}
        />
      )}
    </>
  );
}

/** The same as a picture to pass on, whatever the page's width. */
export async function linesPicture(data: LinesData, words: Frame, scheme: Scheme) {
  const { init } = await engine();
  const named = isMany(data);
  const size = { width: WIDTH, height: 420, devicePixelRatio: 2 };
  const chart = init(document.createElement("div"), undefined, size);
  try {
    chart.setOption(lineOption(data, scheme, named));
    const ends = named ? endsOf(chart, data, scheme) : [];
    const drawn = chart.renderToCanvas({ pixelRatio: 2 });
    return frame(words, scheme, size.height, (pen, shades) => {
      pen.drawImage(drawn, 0, 0, size.width, size.height);
      for (const { name, tint, left, top, width } of ends) {
        pen.fillStyle = tint;
        pen.fillRect(left, top - 4, 8, 8);
        pen.fillStyle = shades.ink;
        pen.fillText(name, left + 14, top + 4, width - 14);
      }
    });
  } finally {
    chart.dispose();
  }
}
