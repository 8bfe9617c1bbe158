// All boards: what they are called, how many cards they have, who changed them last.
import { ActionIcon, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import { boards, changeBoard, type ListedBoard, makeBoard } from "../api/boards";
import { DEFAULT_PERIOD } from "../filters/period";
import { cardRangeOf } from "../question/card-range";
import { full, moment } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
import { Delete } from "./delete";
import { Dialog, type Named, NamedForm } from "./named";
import { texts } from "./texts";

function New({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const made = useMutation({
    mutationFn: async ({ name, note }: Named) => {
      const board = await makeBoard(name, cardRangeOf(DEFAULT_PERIOD), []);
      return note ? changeBoard({ ...board, note }, []) : board;
    },
    onSuccess: async (board) => {
      void queries.invalidateQueries({ queryKey: ["boards"] });
      onClose();
      await navigate({ to: "/boards/$id", params: { id: board.id } });
    },
  });
  return (
    <NamedForm
      start={{ name: "", note: null }}
      verb={texts.make}
      busy={made.isPending}
      error={made.error}
      onSave={(named) => made.mutate(named)}
    />
  );
}

function Rows({ all, zone, onDelete }: RowsProps) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.title}>
      <table className="numbers stacked">
        <thead>
          <tr>
            <th>{texts.name}</th>
            <th>{texts.note}</th>
            <th className="number">{texts.cards}</th>
            <th>{texts.changed}</th>
            <th>{texts.by}</th>
            <th aria-label={texts.delete} />
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.id}>
              <td className="lead">
                <Link to="/boards/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              </td>
              <td className="board-note">{one.note}</td>
              <td className="number" data-label={texts.cards}>
                {full(one.cards)}
              </td>
              <td className="when" data-label={texts.changed}>
                {moment(one.changed_at, zone)}
              </td>
              <td data-label={texts.by}>{one.changed_by}</td>
              <td>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={texts.deleteNamed(one.name)}
                  onClick={() => onDelete(one)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
type RowsProps = { all: ListedBoard[]; zone: string; onDelete: (board: ListedBoard) => void };

export function Boards() {
  const { timezone } = useSuspenseQuery(account).data;
  const asked = useQuery(boards);
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<ListedBoard>();
  const make = (words: string) => (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      {words}
    </Button>
  );
  const next = (
    <Stack align="center" gap={12}>
      {texts.noneNext}
      {make(texts.make)}
    </Stack>
  );
  return (
    <Stack gap={16} component="main">
      <Group justify="space-between" align="end" gap={12}>
        <div>
          <Title order={1}>{texts.title}</Title>
          <Text size="sm" className="quiet" mt={4} maw="70ch">
            {texts.does}
          </Text>
        </div>
        {(asked.data?.boards.length ?? 0) > 0 && make(texts.new)}
      </Group>
      <Panel>
        <Answered query={{ ...asked, isFetching: false }} height={240}>
          {({ boards: all }) =>
            all.length > 0 ? (
              <Rows all={all} zone={timezone} onDelete={setGoing} />
            ) : (
              <Nothing title={texts.none} next={next} />
            )
          }
        </Answered>
      </Panel>
      <Dialog title={texts.new} onClose={() => setMaking(false)}>
        {making ? <New onClose={() => setMaking(false)} /> : undefined}
      </Dialog>
      <Dialog title={texts.delete} onClose={() => setGoing(undefined)}>
        {going && (
          <Delete
            {...going}
            onDone={() => setGoing(undefined)}
            onCancel={() => setGoing(undefined)}
          />
        )}
      </Dialog>
    </Stack>
  );
}
