// A heat map as a picture to pass on.
import { full, share } from "../ui/numbers";
import type { Scheme } from "./colours";
import { type HeatData, shadesOf } from "./heat";
import { font, type Frame, frame, WIDTH } from "./picture";

const ROW = 28;
const NAME = 140;
const SIZE = 72;

export function heatPicture(data: HeatData, words: Frame, scheme: Scheme): HTMLCanvasElement {
  const { columns, rows, head, sizes, open } = data;
  const fill = shadesOf(data, scheme);
  const width = (WIDTH - NAME - SIZE - 8) / columns.length;
  const left = (column: number) => NAME + SIZE + 8 + column * width;
  return frame(words, scheme, ROW * (rows.length + 1), (pen, shades) => {
    const write = (text: string, x: number, y: number, room: number, align: CanvasTextAlign) => {
      pen.textAlign = align;
      pen.fillText(text, x, y, room);
    };
    pen.fillStyle = shades.quiet;
    write(head, 0, 18, NAME - 8, "left");
    write(sizes, NAME + SIZE - 8, 18, SIZE - 8, "right");
    columns.forEach((name, column) => write(name, left(column) + width / 2, 18, width - 2, "center"));
    rows.forEach((row, place) => {
      const top = ROW * (place + 1);
      pen.font = font(12, row.whole ? 600 : 400);
      pen.fillStyle = shades.ink;
      write(row.name, 0, top + 18, NAME - 8, "left");
      write(row.sizeShown ?? full(row.size), NAME + SIZE - 8, top + 18, SIZE - 8, "right");
      row.cells.forEach((cell, column) => {
        if (!cell) return;
        pen.fillStyle = row.whole && open ? shades.card : fill(cell.share);
        pen.fillRect(left(column) + 1, top + 1, width - 2, ROW - 2);
        if (cell.incomplete) {
          pen.strokeStyle = shades.quiet;
          pen.setLineDash([3, 3]);
          pen.strokeRect(left(column) + 2, top + 2, width - 4, ROW - 4);
          pen.setLineDash([]);
        }
        pen.fillStyle = shades.ink;
        write(cell.shown ?? share(cell.share), left(column) + width / 2, top + 18, width - 4, "center");
      });
    });
  });
}
