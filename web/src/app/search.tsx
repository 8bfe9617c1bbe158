// Search by `/` or Ctrl-K: pages, events to look at, segments, and whoever has what is typed as an id.
import { Modal, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { eventNames } from "../api/names";
import { segments } from "../api/segments";
import { kindOf } from "../filters/who";
import { short } from "../ui/numbers";
import { RAIL } from "./shell";
import { texts } from "./texts";

const OPEN = "candor:search";
export const openSearch = () => window.dispatchEvent(new Event(OPEN));

type Hit = { id: string; name: string; more: string; go: () => void };

function useHits(text: string, opened: boolean, close: () => void): Hit[] {
  const navigate = useNavigate();
  const events = useQuery({ ...eventNames, enabled: opened });
  const saved = useQuery({ ...segments, enabled: opened });
  const wanted = text.trim().toLowerCase();
  const has = (name: string) => name.toLowerCase().includes(wanted);
  const pages = RAIL.flatMap((group) => group.pages)
    .filter((page) => has(page.name))
    .map(({ to, name }) => ({ id: to, name, more: texts.page, go: () => navigate({ to }) }));
  const named = (events.data?.names ?? [])
    .filter((event) => has(event.name))
    .slice(0, 8)
    .map(({ name, count }) => ({
      id: `event ${name}`,
      name,
      more: `${texts.event} · ${short(count)}`,
      go: () => navigate({ to: "/trends", search: { event: name } }),
    }));
  const groups = (saved.data?.segments ?? [])
    .filter((segment) => wanted !== "" && has(segment.name))
    .slice(0, 8)
    .map(({ id, name }) => ({
      id: `segment ${id}`,
      name,
      more: texts.segment,
      go: () => navigate({ to: "/segments/$id", params: { id } }),
    }));
  // Last, and looked for once it is chosen: each look at a person is audited.
  const id = text.trim();
  const find = { kind: kindOf(id), id };
  const person = {
    id: "person",
    name: texts.findPerson(id),
    more: texts.people,
    go: () => navigate({ to: "/people", state: (old) => ({ ...old, find }) }),
  };
  return [...pages, ...named, ...groups, ...(id ? [person] : [])].map((hit) => ({
    ...hit,
    go: () => {
      close();
      void hit.go();
    },
  }));
}

export function Search() {
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const open = () => {
    setText("");
    setAt(0);
    setOpened(true);
  };
  useHotkeys([
    ["/", open],
    ["mod+K", open],
  ]);
  useEffect(() => {
    window.addEventListener(OPEN, open);
    return () => window.removeEventListener(OPEN, open);
  }, []);
  const hits = useHits(text, opened, () => setOpened(false));
  const chosen = hits[Math.min(at, hits.length - 1)];
  const keys = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length > 0) {
      event.preventDefault();
      setAt((Math.min(at, hits.length - 1) + step + hits.length) % hits.length);
    } else if (event.key === "Enter") chosen?.go();
  };
  return (
    // It opens at once: whoever presses `/` types on.
    <Modal.Root
      opened={opened}
      onClose={() => setOpened(false)}
      transitionProps={{ duration: 0 }}
      padding={12}
      size="lg"
    >
      <Modal.Overlay />
      <Modal.Content aria-label={texts.search}>
        <Modal.Body>
          <TextInput
            data-autofocus
            aria-label={texts.search}
            placeholder={texts.searchHint}
            leftSection={<IconSearch size={16} />}
            value={text}
            role="combobox"
            aria-expanded
            aria-controls="hits"
            aria-activedescendant={chosen ? `hit ${chosen.id}`.replace(/\s/g, "-") : undefined}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={keys}
          />
          <ul id="hits" role="listbox" aria-label={texts.search} className="hits">
            {hits.map((hit) => (
              <li
                key={hit.id}
                id={`hit ${hit.id}`.replace(/\s/g, "-")}
                role="option"
                aria-selected={hit === chosen}
                onClick={hit.go}
              >
                <span>{hit.name}</span>
                <span className="quiet">{hit.more}</span>
              </li>
            ))}
          </ul>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
