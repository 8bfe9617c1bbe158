// A file of identities becomes a list: dropped or chosen, its column picked, and what was found told.
import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { uploadSegment } from "../api/segments";
import { Note } from "../ui/note";
import { full } from "../ui/numbers";
import { Failed } from "../ui/panel";
import { Rejects } from "./rejects";
import { texts } from "./texts";

/** As much of a file as its header is looked for in. */
const HEADER_BYTES = 64 << 10;

/** The columns that a CSV file names in its first line. */
export function columnsOf(start: string): string[] {
  const line = start.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0] ?? "";
  const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? [];
  return cells
    .map((cell) => cell.replace(/,$/, ""))
    .map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell))
    .filter((name) => name !== "");
}

type Chosen = { file: File; columns: string[] };

function Drop({ onChoose }: { onChoose: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      className="drop"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file) onChoose(file);
      }}
    >
      <IconUpload size={20} stroke={1.7} aria-hidden />
      <span>{texts.drop}</span>
      <Button size="xs" variant="default" onClick={() => input.current?.click()}>
        {texts.choose}
      </Button>
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) onChoose(file);
        }}
      />
    </div>
  );
}

function Form({ onDone }: { onDone: () => void }) {
  const [chosen, setChosen] = useState<Chosen>();
  const [name, setName] = useState("");
  const [column, setColumn] = useState("");
  const queries = useQueryClient();
  const sent = useMutation({
    mutationFn: (what: Chosen) => uploadSegment(name.trim(), column, what.file),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["segments"] }),
  });
  const choose = async (file: File) => {
    const columns = columnsOf(await file.slice(0, HEADER_BYTES).text());
    setChosen({ file, columns });
    setColumn(columns.find((one) => /^(identity|user_?id|customer_?id|id)$/i.test(one)) ?? columns[0] ?? "");
    if (name === "") setName(file.name.replace(/\.[^.]+$/, "").slice(0, 100));
    sent.reset();
  };
  if (sent.data) {
    const { id, list, rejected } = sent.data;
    return (
      <Stack gap={12}>
        <Note kind="good" role="status">
          {texts.found(full(list?.people ?? 0))}
        </Note>
        <Rejects id={id} name={sent.data.name} lines={rejected} />
        <Group gap={8}>
          <Button renderRoot={(props) => <Link to="/segments/$id" params={{ id }} {...props} />} onClick={onDone}>
            {texts.open}
          </Button>
          <Button
            variant="default"
            onClick={() => {
              setChosen(undefined);
              setName("");
              sent.reset();
            }}
          >
            {texts.another}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen) sent.mutate(chosen);
      }}
    >
      <Stack gap={12}>
        <Text size="sm" className="quiet">
          {texts.uploadDoes}
        </Text>
        <Drop onChoose={(file) => void choose(file)} />
        {chosen && chosen.columns.length === 0 && (
          <Note kind="bad" role="alert">
            {texts.notCsv}
          </Note>
        )}
        {chosen && chosen.columns.length > 0 && (
          <>
            <Text size="sm">
              <strong>{chosen.file.name}</strong>
            </Text>
            <NativeSelect
              label={texts.column}
              value={column}
              data={chosen.columns}
              onChange={(event) => setColumn(event.currentTarget.value)}
            />
            <TextInput
              label={texts.name}
              value={name}
              required
              withAsterisk={false}
              maxLength={100}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {sent.error && <Failed error={sent.error} />}
            <Group>
              <Button type="submit" loading={sent.isPending}>
                {texts.upload}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </form>
  );
}

export function Upload({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.upload}
      closeButtonProps={{ "aria-label": texts.cancel }}
    >
      <Form onDone={onClose} />
    </Modal>
  );
}
