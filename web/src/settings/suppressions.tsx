// Addresses that are never written to: listed with why, put there by hand, and taken off.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { account } from "../api/account";
import { Refusal } from "../api/client";
import { suppress, type Suppression, suppressions, takeOff } from "../api/suppressions";
import { channelInWords } from "../deliveries/words";
import { Held } from "../ui/held";
import { Note } from "../ui/note";
import { full, masked, moment, named } from "../ui/numbers";
import { Answered, Failed, Nothing, Panel } from "../ui/panel";
import { texts } from "./texts";

/** What is asked about before it is taken off. */
type Leaving = Pick<Suppression, "id" | "address" | "reason">;

const ADDRESS_MAX = 254;

/** What an address is called: null of who was erased. */
const calledOf = ({ address }: Pick<Suppression, "address">): string =>
  address === null || masked(address) ? texts.thisAddress : named(address);

const byInWords = (actor: string): string => (texts.listedBy as Record<string, string>)[actor] ?? actor;

function Add({ added, onAdded, onTakeOff }: AddProps) {
  const [address, setAddress] = useState("");
  const queries = useQueryClient();
  const made = useMutation({
    mutationFn: () => suppress(address.trim()),
    onSuccess: async ({ id }) => {
      // Addresses are kept in small letters.
      onAdded({ id, address: address.trim().toLowerCase(), reason: "manual" });
      setAddress("");
      await queries.invalidateQueries({ queryKey: suppressions.queryKey });
    },
  });
  return (
    <Panel title={texts.putOn}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          made.mutate();
        }}
      >
        <Stack gap={12}>
          <TextInput
            label={texts.emailAddress}
            description={texts.putOnDoes}
            placeholder="ann@example.org"
            inputMode="email"
            autoComplete="off"
            spellCheck={false}
            value={address}
            required
            withAsterisk={false}
            maxLength={ADDRESS_MAX}
            maw={480}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          {made.error && <Failed error={made.error} />}
          <Group>
            <Button type="submit" loading={made.isPending} disabled={address.trim() === ""}>
              {texts.neverWrite}
            </Button>
          </Group>
          {added && (
            <Note kind="good" role="status">
              <Group gap={12}>
                <span className="address">{texts.isOn(calledOf(added))}</span>
                <Button size="xs" variant="default" onClick={() => onTakeOff(added)}>
                  {texts.takeOff}
                </Button>
              </Group>
            </Note>
          )}
        </Stack>
      </form>
    </Panel>
  );
}
type AddProps = {
  /** What was put on the list last. */
  added: Leaving | undefined;
  onAdded: (added: Leaving) => void;
  onTakeOff: (leaving: Leaving) => void;
};

function TakeOff({ of, onGone, onClose }: { of: Leaving; onGone: () => void; onClose: () => void }) {
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => takeOff(of.id),
    onSuccess: async () => {
      onGone();
      await queries.invalidateQueries({ queryKey: suppressions.queryKey });
    },
  });
  return (
    <Stack gap={12}>
      <Text size="sm" className="address">
        {texts.takeOffDoes(calledOf(of))}
      </Text>
      <Text size="sm">{texts.takeOffMind[of.reason]}</Text>
      {gone.error && <Failed error={gone.error} />}
      <Group gap={8}>
        <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
          {texts.takeOff}
        </Button>
        <Button variant="default" onClick={onClose}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function Row({ of, zone, onTakeOff }: { of: Suppression; zone: string; onTakeOff: () => void }) {
  return (
    <tr>
      <td className="lead address">
        <Held value={of.address} none={texts.erased} />
      </td>
      <td data-label={texts.channel}>{channelInWords(of.channel)}</td>
      <td>{texts.listedWhy[of.reason]}</td>
      <td className="when" data-label={texts.since}>
        {moment(of.at, zone)}
      </td>
      <td className="address" data-label={texts.by}>
        {byInWords(of.actor)}
      </td>
      <td className="number">
        <Button size="xs" variant="default" aria-label={texts.takeOffOf(calledOf(of))} onClick={onTakeOff}>
          {texts.takeOff}
        </Button>
      </td>
    </tr>
  );
}

function Table({ rows, onTakeOff }: { rows: Suppression[]; onTakeOff: (leaving: Leaving) => void }) {
  const { data: publisher } = useSuspenseQuery(account);
  return (
    <>
      {rows.some(({ address }) => masked(address)) && (
        <Text size="xs" className="quiet" mb={8}>
          {texts.addressesHidden}
        </Text>
      )}
      <div className="wide" tabIndex={0} role="region" aria-label={texts.suppressions}>
        <table className="numbers stacked">
          <thead>
            <tr>
              <th>{texts.address}</th>
              <th>{texts.channel}</th>
              <th>{texts.why}</th>
              <th>{texts.since}</th>
              <th>{texts.by}</th>
              <th aria-label={texts.takeOff} />
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <Row key={one.id} of={one} zone={publisher.timezone} onTakeOff={() => onTakeOff(one)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function Suppressions() {
  const asked = useInfiniteQuery(suppressions);
  const [added, setAdded] = useState<Leaving>();
  const [leaving, setLeaving] = useState<Leaving>();
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, error } = asked;
  const rows = (asked.data?.pages ?? []).flatMap((page) => page.suppressions);
  const refused = error instanceof Refusal && error.forbidden;
  const query = { ...asked, isFetching: false, error: isFetchNextPageError ? null : error };
  const gone = ({ id }: Leaving) => {
    if (id === added?.id) setAdded(undefined);
    setLeaving(undefined);
  };
  return (
    <Stack gap={16}>
      {/* Why it stood there already is told by its row. */}
      {!refused && (
        <Add
          added={added}
          onAdded={setAdded}
          onTakeOff={(one) => setLeaving(rows.find(({ id }) => id === one.id) ?? one)}
        />
      )}
      <Panel title={texts.suppressed}>
        <Text size="sm" className="quiet" mb={12} maw="70ch">
          {texts.suppressedDoes}
        </Text>
        <Answered query={query} height={240}>
          {() =>
            rows.length === 0 ? (
              <Nothing title={texts.noneSuppressed} next={texts.noneSuppressedNext} />
            ) : (
              <>
                <Table rows={rows} onTakeOff={setLeaving} />
                {isFetchNextPageError && <Failed error={error} again={() => void fetchNextPage()} />}
                <Group justify="space-between" mt={12} gap={8}>
                  <Text size="xs" className="quiet">
                    {texts.shown(full(rows.length))} {!hasNextPage && texts.end}
                  </Text>
                  {hasNextPage && (
                    <Button
                      size="xs"
                      variant="default"
                      loading={isFetchingNextPage}
                      onClick={() => void fetchNextPage()}
                    >
                      {texts.more}
                    </Button>
                  )}
                </Group>
              </>
            )
          }
        </Answered>
      </Panel>
      <Modal
        opened={leaving !== undefined}
        onClose={() => setLeaving(undefined)}
        title={texts.takeOffTitle}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {leaving && <TakeOff of={leaving} onGone={() => gone(leaving)} onClose={() => setLeaving(undefined)} />}
      </Modal>
    </Stack>
  );
}
