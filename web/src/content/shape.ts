// Content as its editor holds it: where a mistake is, and what a new mail begins with.
import { Refusal } from "../api/client";
import type { Content } from "../api/templates";

export type Email = Extract<Content, { email: unknown }>["email"];
export type Variant = Email["languages"][string];
export type Channel = "email" | "webhook";

/** The server's limits. */
export const SUBJECT_MAX = 500;
export const LANGUAGES_MAX = 40;

const MJML = `<mjml>
  <mj-body background-color="#f4f5f7">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text font-size="20px" font-weight="600">
          Hello {{ user.Name | default: "there" }}
        </mj-text>
        <mj-text>
          Write here what is new.
        </mj-text>
        <mj-button href="https://example.com" background-color="#1f5fa8">
          Have a look
        </mj-button>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text font-size="12px" color="#5a6472" align="center">
          <a href="{{ unsubscribe_url }}">Unsubscribe</a> ·
          <a href="{{ preferences_url }}">What we know of you</a>
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`;

const WEBHOOK = `{
  "name": {{ user.Name | default: "" }},
  "campaign": {{ campaign.name }}
}
`;

/** What a new message says at first: it compiles, and shows how it is written. */
export const startOf = (channel: Channel): Content =>
  channel === "email"
    ? {
        email: {
          default_language: "en",
          missing_translation: "fallback",
          languages: { en: { subject: "News for you", mjml: MJML } },
        },
      }
    : { webhook: { body: WEBHOOK } };

export const channelOf = (content: Content): Channel => ("email" in content ? "email" : "webhook");

/** A tag like en or pt-BR. */
export const isLanguage = (tag: string): boolean => /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(tag);

/** "German" for de, in the reader's language; the tag where nobody knows it. */
export function languageName(tag: string, reader = "en"): string {
  try {
    return new Intl.DisplayNames([reader], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The languages of a mail, its own first. */
export const languagesOf = ({ default_language: own, languages }: Email): string[] => [
  own,
  ...Object.keys(languages).filter((tag) => tag !== own).sort(),
];

/** A mail with one more language, which begins as the mail's own. */
export function withLanguage(email: Email, tag: string): Email {
  const start = email.languages[email.default_language];
  return start ? { ...email, languages: { ...email.languages, [tag]: start } } : email;
}

/** A mail without a language; its own stays. */
export function withoutLanguage(email: Email, tag: string): Email {
  if (tag === email.default_language) return email;
  const languages = Object.fromEntries(
    Object.entries(email.languages).filter(([other]) => other !== tag),
  );
  return { ...email, languages };
}

/** The form of a body: markup for mails, or the HTML itself. */
export type Form = "mjml" | "html";
export const formOf = (variant: Variant): Form => (variant.html === undefined ? "mjml" : "html");
export const bodyOf = (variant: Variant): string => variant.html ?? variant.mjml ?? "";

/** A variant with another body, in one form or the other. */
export function withBody(variant: Variant, form: Form, body: string): Variant {
  const rest = Object.fromEntries(
    Object.entries(variant).filter(([name]) => name !== "mjml" && name !== "html"),
  ) as Variant;
  return { ...rest, [form]: body };
}

export type Mistake = {
  /** Of a mail. */
  language?: string;
  /** subject, preheader, mjml, html, text, body, or a place above these. */
  field: string;
  line?: number;
  column?: number;
  message: string;
};

const unescaped = (part: string) => part.replaceAll("~1", "/").replaceAll("~0", "~");

/** Where in content a refusal finds a mistake; undefined where it is about something else. */
export function mistakeOf(error: unknown): Mistake | undefined {
  if (!(error instanceof Refusal)) return undefined;
  const place = error.places.find(({ pointer }) => pointer.startsWith("/content"));
  if (!place) return undefined;
  const [, , ...parts] = place.pointer.split("/").map(unescaped);
  const at = /^line (\d+)(?:, column (\d+))?: (.*)$/s.exec(place.message);
  const [top, languages, language, field] = parts;
  const inMail = top === "email" && languages === "languages" && language !== undefined;
  return {
    ...(inMail ? { language } : {}),
    field: (inMail ? field : parts.at(-1)) ?? "",
    ...(at ? { line: Number(at[1]) } : {}),
    ...(at?.[2] ? { column: Number(at[2]) } : {}),
    message: at?.[3] ?? place.message,
  };
}

/** A field as it is written into content: `{{ user.plan }}` or `{{ user["First name"] }}`. */
export const written = (name: string): string =>
  `{{ ${/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `user.${name}` : `user[${JSON.stringify(name)}]`} }}`;

type Values = { [name: string]: string | Values };

/**
 * Values with a made-up one at a path like `user.First name`, its name in marks; undefined where
 * there is one already, or where nothing can stand at such a path.
 */
export function madeUp(values: Values, path: string): Values | undefined {
  const [top, ...rest] = path.split(".");
  const name = rest.join(".");
  if (!top || name === "" || path.startsWith("translation.") || /\[\d+\]/.test(path)) return undefined;
  const inside = values[top];
  const held = typeof inside === "object" ? inside : {};
  if (name in held) return undefined;
  return { ...values, [top]: { ...held, [name]: `‹${name}›` } };
}
