// Lines over time, with their names beside their ends, or below where the page is narrow.
import { useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";

import { GREY, type Scheme, type Shades } from "./colours";
import { linesInWords } from "./described";
import { Drawing, engine } from "./drawing";
import { endsOf } from "./ends";
import { Keys } from "./keys";
import { drawnMarks, marksInWords, marksListed, paintMarks } from "./marks";
import { lineOption, type LinesData, tintsOf, valueIn } from "./line-option";
import { type Frame, frame, type Pen, WIDTH } from "./picture";
import { texts } from "./texts";

const HEIGHT = 320;
const PICTURE = 420;

/** One line needs no name: the question has it. */
const isMany = ({ lines, before }: LinesData) => lines.length > 1 || before !== undefined;

export function Lines({ data, label, height = HEIGHT }: LinesProps) {
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
        height={height}
        label={label}
        described={[
          linesInWords(data.at, data.lines, data.incomplete, valueIn(data)),
          marksInWords(data.at, data.marks),
        ]
          .filter(Boolean)
          .join(" ")}
        over={(chart) => (
          <>
            {drawnMarks(chart, data.marks).map(({ number, left, top, height }) => (
              <div key={number} className="mark" aria-hidden style={{ left, top, height }}>
                <span>{number}</span>
              </div>
            ))}
            {named &&
              endsOf(chart, data, scheme).map(({ name, tint, left, top, width }) => (
                <div key={name} className="end" title={name} aria-hidden style={{ left, top, width }}>
                  <span style={{ background: tint }} /> {name}
                </div>
              ))}
          </>
        )}
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

type LinesProps = { data: LinesData; label: string; height?: number };

/** Draws lines on a canvas, `WIDTH` wide and as high as is said. */
export async function linesPainted(data: LinesData, scheme: Scheme, height: number) {
  const { init } = await engine();
  const named = isMany(data);
  const size = { width: WIDTH, height, devicePixelRatio: 2 };
  const chart = init(document.createElement("div"), undefined, size);
  try {
    chart.setOption(lineOption(data, scheme, named));
    const ends = named ? endsOf(chart, data, scheme) : [];
    const marks = drawnMarks(chart, data.marks);
    const drawn = chart.renderToCanvas({ pixelRatio: 2 });
    return (pen: Pen, shades: Shades) => {
      pen.drawImage(drawn, 0, 0, size.width, size.height);
      paintMarks(pen, shades, marks);
      for (const { name, tint, left, top, width } of ends) {
        pen.fillStyle = tint;
        pen.fillRect(left, top - 4, 8, 8);
        pen.fillStyle = shades.ink;
        pen.fillText(name, left + 14, top + 4, width - 14);
      }
    };
  } finally {
    chart.dispose();
  }
}

/** The same as a picture to pass on, whatever the page's width. */
export async function linesPicture(data: LinesData, words: Frame, scheme: Scheme) {
  const chart = await linesPainted(data, scheme, PICTURE);
  const listed = marksListed(data.at, data.marks);
  return frame(words, scheme, PICTURE + listed.height, (pen, shades) => {
    chart(pen, shades);
    pen.translate(0, PICTURE);
    listed.paint(pen, shades);
  });
}
