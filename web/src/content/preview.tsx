// How content looks, beside where it is written: as a mail on a screen or a telephone, or in words.
import "./content.css";

import { Group, SegmentedControl, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";

import type { Preview as Answer } from "../api/templates";
import { Note } from "../ui/note";
import { Answered, Panel } from "../ui/panel";
import { sentence } from "../ui/words";
import { PersonPicker, useCalled } from "./person";
import { languageName, type Mistake, mistakeOf } from "./shape";
import { FIELDS, texts } from "./texts";
import type { usePreview } from "./use-preview";

/** Widths at which a mail is laid out. */
const WIDTHS = { desktop: 680, phone: 375 } as const;
/** Where a telephone is what there is room for. */
const NARROW = "(max-width: 48em)";
/** The height of a preview. */
const HEIGHT = 560;

type Look = "desktop" | "phone" | "plain";

/** A mail in a frame of its own: no script, no form, no address of ours. */
export function Framed({ html, title, width, height, fill = false }: FramedProps) {
  const { ref, width: room } = useElementSize();
  const scale = room > 0 ? Math.min(1, room / width) : 1;
  return (
    <div ref={ref} className="framed" style={{ height }}>
      <iframe
        sandbox=""
        referrerPolicy="no-referrer"
        srcDoc={html}
        title={title}
        style={{ width: fill ? Math.max(width, room) : width, height: height / scale, transform: `scale(${scale})` }}
      />
    </div>
  );
}
type FramedProps = {
  html: string;
  title: string;
  width: number;
  height: number;
  /** Whether it takes all the room there is beyond its width. */
  fill?: boolean;
};

function Shown({ answer, look }: { answer: Answer; look: Look }) {
  const { email, webhook } = answer;
  if (webhook) {
    return (
      <pre className="code" tabIndex={0} aria-label={texts.preview}>
        {pretty(webhook.body)}
      </pre>
    );
  }
  if (!email) return null;
  return (
    <>
      <Text size="sm" fw={600} className="preview-subject" dir="auto">
        {email.subject || texts.noSubject}
      </Text>
      {look === "plain" ? (
        <pre className="code plain" tabIndex={0} aria-label={texts.plain} dir={email.right_to_left ? "rtl" : undefined}>
          {email.text}
        </pre>
      ) : (
        <Framed html={email.html} title={texts.preview} width={WIDTHS[look]} height={HEIGHT} />
      )}
    </>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function Dropped({ dropped, who }: { dropped: NonNullable<Answer["dropped"]>; who: string }) {
  const { path, message } = dropped;
  if (path?.startsWith("translation.")) {
    return (
      <Note kind="mind" role="status">
        {texts.noTranslation(who, languageName(path.slice("translation.".length)))}
      </Note>
    );
  }
  if (path) {
    return (
      <Note kind="mind" title={texts.missing(path)} role="status">
        {texts.missingFor(who, path)} {texts.missingNext}{" "}
        <code>{`{{ ${path} | default: "…" }}`}</code>
      </Note>
    );
  }
  return (
    <Note kind="mind" title={texts.dropped} role="status">
      {sentence(message)}
    </Note>
  );
}

function Wrong({ mistake }: { mistake: Mistake }) {
  const field = FIELDS[mistake.field] ?? mistake.field;
  const place = mistake.line === undefined ? field : texts.mistakeAt(field, mistake.line, mistake.column);
  return (
    <Note kind="bad" title={texts.mistake} role="status">
      <strong>
        {place}
        {mistake.language && texts.inLanguage(languageName(mistake.language))}
      </strong>
      {": "}
      {sentence(mistake.message)}
    </Note>
  );
}

function Links({ links }: { links: Answer["links"] }) {
  if (links.length === 0) return null;
  return (
    <details>
      <summary>{texts.links(links.length)}</summary>
      <ol className="preview-links">
        {links.map(({ number, address }) => (
          <li key={number}>{address ? <code>{address}</code> : <span className="quiet">{texts.differs}</span>}</li>
        ))}
      </ol>
    </details>
  );
}

export function Preview({ query, mail, person, onPerson }: PreviewProps) {
  const [look, setLook] = useState<Look>(() => (window.matchMedia(NARROW).matches ? "phone" : "desktop"));
  const who = useCalled(person);
  const mistake = mistakeOf(query.error);
  // What is wrong in the text stands above the last good picture.
  const asked = mistake ? { ...query, data: query.last, error: null, isPlaceholderData: true } : query;
  return (
    <Panel
      title={texts.preview}
      aside={
        mail && (
          <SegmentedControl
            size="xs"
            aria-label={texts.width}
            value={look}
            data={[
              { value: "desktop", label: texts.desktop },
              { value: "phone", label: texts.phone },
              { value: "plain", label: texts.plain },
            ]}
            onChange={(next) => setLook(next as Look)}
          />
        )
      }
    >
      <Group gap={8} mb={12}>
        <PersonPicker id={person} words={texts.asFor} onChange={onPerson} />
        {!person && (
          <Text size="xs" className="quiet">
            {texts.madeUp}
          </Text>
        )}
      </Group>
      <div className="preview-notes">
        {mistake && <Wrong mistake={mistake} />}
        {!mistake && query.data?.in_force === false && <Note kind="mind">{texts.notInForce(who)}</Note>}
        {query.data?.dropped && !mistake && <Dropped dropped={query.data.dropped} who={who} />}
      </div>
      {mistake && !query.last ? (
        <Text size="sm" className="quiet">
          {texts.nothingYet}
        </Text>
      ) : (
        <Answered query={asked} height={HEIGHT}>
          {(answer) => (
            <>
              <Shown answer={answer} look={look} />
              {answer.email && (
                <Text size="xs" className="quiet" my={8}>
                  {texts.pictures}
                </Text>
              )}
              <Links links={answer.links} />
            </>
          )}
        </Answered>
      )}
    </Panel>
  );
}
type PreviewProps = {
  query: ReturnType<typeof usePreview>;
  /** Whether it is a mail, which has several looks. */
  mail: boolean;
  person: string | undefined;
  onPerson: (id: string | undefined) => void;
};
