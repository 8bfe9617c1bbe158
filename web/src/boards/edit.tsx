// What a person says of a card: its title, a note, its days, its width.
import { Button, Group, Radio, Stack } from "@mantine/core";
import { useState } from "react";

import type { BoardCard, BoardRange } from "../api/boards";
import { periodOf } from "../filters/period";
import { PeriodControl } from "../filters/period-control";
import { cardRangeOf, periodOfCard } from "../question/card-range";
import type { Told } from "./change";
import { NameAndNote } from "./named";
import { texts } from "./texts";

export function Edit({ card, range, zone, onSave }: EditProps) {
  const [title, setTitle] = useState(card.title);
  const [note, setNote] = useState(card.note ?? "");
  const [own, setOwn] = useState(card.range);
  const [width, setWidth] = useState(card.width);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave({ title: title.trim(), note: note.trim() || null, range: own, width });
      }}
    >
      <Stack gap={12}>
        <NameAndNote
          label={texts.cardTitle}
          name={title}
          note={note}
          onName={setTitle}
          onNote={setNote}
        />
        {card.insight !== "sql" && (
          <Radio.Group
            label={texts.days}
            value={own ? "own" : "board"}
            onChange={(value) => setOwn(value === "own" ? range : null)}
          >
            <Group gap={16} mt={4}>
              <Radio value="board" label={texts.daysOfBoard} />
              <Radio value="own" label={texts.daysOwn} />
              {own && (
                <PeriodControl
                  search={periodOfCard(own)}
                  zone={zone}
                  comparable={false}
                  onChange={(next) => setOwn(cardRangeOf(periodOf(next)))}
                />
              )}
            </Group>
          </Radio.Group>
        )}
        <Radio.Group
          label={texts.width}
          value={width}
          onChange={(value) => setWidth(value === "whole" ? "whole" : "half")}
        >
          <Group gap={16} mt={4}>
            <Radio value="half" label={texts.widths.half} />
            <Radio value="whole" label={texts.widths.whole} />
          </Group>
        </Radio.Group>
        <Group>
          <Button type="submit">{texts.save}</Button>
        </Group>
      </Stack>
    </form>
  );
}
type EditProps = {
  card: BoardCard;
  /** The days of the board, with which own ones begin. */
  range: BoardRange;
  zone: string;
  onSave: (told: Told) => void;
};
