// The three pictures of the page as one to pass on.
import type { StickinessAnswer } from "../api/insights";
import type { Scheme } from "../charts/colours";
import { columnsPainted } from "../charts/columns";
import { linesPainted } from "../charts/lines";
import { type Mark, marksListed } from "../charts/marks";
import { font, type Frame, frame } from "../charts/picture";
import { columnsOf, daysOf, reachLines, shareLine } from "./shape";
import { texts } from "./texts";

const HEAD = 36;
const HEIGHTS = [320, 180, 200];

export async function stickinessPicture(
  answer: StickinessAnswer,
  marks: Mark[],
  words: Frame,
  scheme: Scheme,
) {
  const [reach = 0, share = 0, histogram = 0] = HEIGHTS;
  const days = daysOf(answer);
  const parts = [
    { name: texts.reach, height: reach, paint: await linesPainted({ ...reachLines(days), marks }, scheme, reach) },
    { name: texts.share, height: share, paint: await linesPainted({ ...shareLine(days), marks }, scheme, share) },
    {
      name: texts.histogram,
      height: histogram,
      paint: columnsPainted(columnsOf(answer), texts.dau, scheme, histogram),
    },
  ];
  const listed = marksListed(reachLines(days).at, marks);
  const all = parts.reduce((sum, { height }) => sum + HEAD + height, listed.height);
  return frame(words, scheme, all, (pen, shades) => {
    for (const { name, height, paint } of parts) {
      pen.font = font(14, 600);
      pen.fillStyle = shades.ink;
      pen.fillText(name, 0, 20);
      pen.font = font(12);
      pen.translate(0, HEAD);
      paint(pen, shades);
      pen.translate(0, height);
    }
    listed.paint(pen, shades);
  });
}
