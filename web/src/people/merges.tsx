// Who was taken for the same person, why, and what was taken back; merging and splitting by hand.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { merge, merges, split } from "../api/people";
import { Find, useCalled } from "../content/person";
import { moment } from "../ui/numbers";
import { Answered, Failed, Panel } from "../ui/panel";
import { texts } from "./texts";

const shortId = (id: string) => id.slice(0, 12);

/** The list of merges follows a moment after the act: so often it is asked, this far apart. */
const ASKED = 20;
const APART_MS = 200;

function useDone(id: string, act: () => Promise<unknown>, onDone: () => void) {
  const queries = useQueryClient();
  const list = () => queries.fetchQuery({ ...merges(id), staleTime: 0 });
  return useMutation({
    mutationFn: async () => {
      const before = JSON.stringify(await list());
      await act();
      for (let n = 0; n < ASKED && JSON.stringify(await list()) === before; n++) {
        await new Promise((done) => setTimeout(done, APART_MS));
      }
    },
    onSuccess: async () => {
      onDone();
      for (const of of ["merges", "person", "timeline", "messages"]) {
        await queries.invalidateQueries({ queryKey: of === "messages" ? [of] : [of, id] });
      }
    },
  });
}

function Confirm({ id, other, what, onDone }: ConfirmProps) {
  const called = useCalled(other);
  const done = useDone(id, () => (what === "merge" ? merge(id, other) : split(id, other)), onDone);
  const does = what === "merge" ? texts.mergeDoes(called, shortId(other)) : texts.splitDoes(shortId(other));
  return (
    <Stack gap={12}>
      <Text size="sm">{does}</Text>
      {done.error && <Failed error={done.error} />}
      <Group gap={8}>
        <Button loading={done.isPending} onClick={() => done.mutate()}>
          {texts[what]}
        </Button>
        <Button variant="default" onClick={onDone}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}
type ConfirmProps = { id: string; other: string; what: "merge" | "split"; onDone: () => void };

type Act = { what: "merge" | "split"; other: string | undefined };

export function Merges({ id, zone }: { id: string; zone: string }) {
  const asked = useQuery(merges(id));
  const [act, setAct] = useState<Act>();
  const close = () => setAct(undefined);
  return (
    <Panel
      title={texts.merges}
      aside={
        <Button size="xs" variant="default" onClick={() => setAct({ what: "merge", other: undefined })}>
          {texts.mergeWith}
        </Button>
      }
    >
      <Answered query={{ ...asked, isFetching: false }} height={48}>
        {({ merges: all }) =>
          all.length === 0 ? (
            <Text size="sm" className="quiet">
              {texts.noMerges}
            </Text>
          ) : (
            <ul className="merges">
              {all.map(({ winner, loser, at, reason, split_at: splitAt }) => (
                <li key={`${loser} ${at}`}>
                  <span>
                    {loser === id ? (
                      <>
                        {texts.mergedInto}{" "}
                        <Link to="/people/$id" params={{ id: winner }}>
                          {shortId(winner)}
                        </Link>
                      </>
                    ) : (
                      <>
                        <code>{shortId(loser)}</code> {texts.wasMerged}
                      </>
                    )}
                    <span className="quiet">
                      {" "}
                      {moment(at, zone)}, {reason}
                      {splitAt && `; ${texts.splitAt(moment(splitAt, zone))}`}
                    </span>
                  </span>
                  {!splitAt && loser !== id && (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`${texts.split} ${shortId(loser)}`}
                      onClick={() => setAct({ what: "split", other: loser })}
                    >
                      {texts.split}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      <Modal
        opened={act !== undefined}
        onClose={close}
        title={act && (act.what === "merge" ? texts.mergeWith : texts.split)}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {act?.other ? (
          <Confirm id={id} other={act.other} what={act.what} onDone={close} />
        ) : (
          act && <Find onChoose={(other) => setAct({ what: "merge", other })} />
        )}
      </Modal>
    </Panel>
  );
}
