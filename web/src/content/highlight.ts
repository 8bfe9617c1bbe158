// Colours of markup and JSON with Liquid in it, and of SQL: a reader of lines, far smaller than a parser of each.
import { HighlightStyle, StreamLanguage, type StringStream } from "@codemirror/language";
import { tags } from "@lezer/highlight";

type State = {
  /** In what it is read on: nothing, a tag, a comment, or Liquid. */
  within: "tag" | "comment" | "liquid" | undefined;
  /** Where Liquid ends, and what it stood in. */
  until: string;
  around: State["within"];
  /** The mark that ends a value, which Liquid may stand in. */
  quote: string;
};

const start = (): State => ({ within: undefined, until: "", around: undefined, quote: "" });

/** Liquid begins anywhere, also within a tag or its values. */
function opens(stream: StringStream, state: State): boolean {
  const open = stream.match(/^\{[{%]-?/) as RegExpMatchArray | null;
  if (!open) return false;
  state.around = state.within;
  state.within = "liquid";
  state.until = open[0].startsWith("{{") ? "}}" : "%}";
  return true;
}

function liquid(stream: StringStream, state: State): string | null {
  if (stream.match(`-${state.until}`) || stream.match(state.until)) {
    state.within = state.around;
    return "brace";
  }
  if (stream.match(/^"[^"]*"|^'[^']*'/)) return "string";
  if (stream.match(/^\|\s*[a-z_]+/)) return "operator";
  if (stream.match(/^(if|elsif|else|endif|unless|endunless|for|endfor|case|when|endcase|assign|capture|endcapture|abort|in|and|or|contains)\b/)) {
    return "keyword";
  }
  if (stream.match(/^[A-Za-z_][\w.-]*/)) return "variableName";
  if (stream.match(/^\d+(\.\d+)?/)) return "number";
  stream.next();
  return null;
}

/** A value up to its end, or to the Liquid within it. */
function quoted(stream: StringStream, state: State): string {
  if (!state.quote) state.quote = stream.next() ?? "";
  while (!stream.eol() && stream.peek() !== "{") {
    if (stream.next() !== state.quote) continue;
    state.quote = "";
    return "string";
  }
  // A brace that opens nothing.
  if (stream.peek() === "{" && !stream.match(/^\{[{%]/, false)) stream.next();
  return "string";
}

function tag(stream: StringStream, state: State): string | null {
  if (opens(stream, state)) return "brace";
  if (stream.match(/^\/?>/)) {
    state.within = undefined;
    return "angleBracket";
  }
  if (state.quote || stream.match(/^["']/, false)) return quoted(stream, state);
  if (stream.match(/^[A-Za-z_:][\w:.-]*/)) return "attributeName";
  stream.next();
  return null;
}

function markup(stream: StringStream, state: State): string | null {
  if (state.within === "liquid") return liquid(stream, state);
  if (state.within === "comment") {
    if (stream.match(/^.*?-->/)) state.within = undefined;
    else stream.skipToEnd();
    return "comment";
  }
  if (state.within === "tag") return tag(stream, state);
  if (opens(stream, state)) return "brace";
  if (stream.match("<!--")) {
    state.within = "comment";
    return "comment";
  }
  if (stream.match(/^<\/?[A-Za-z][\w:-]*/)) {
    state.within = "tag";
    return "tagName";
  }
  if (stream.match(/^[^<{]+/)) return null;
  stream.next();
  return null;
}

function json(stream: StringStream, state: State): string | null {
  if (state.within === "liquid") return liquid(stream, state);
  if (opens(stream, state)) return "brace";
  if (stream.match(/^"([^"\\{]|\\.)*"(?=\s*:)/)) return "attributeName";
  if (stream.match(/^"([^"\\{]|\\.)*"?/)) return "string";
  if (stream.match(/^(true|false|null)\b/)) return "keyword";
  if (stream.match(/^-?\d+(\.\d+)?/)) return "number";
  stream.next();
  return null;
}

const languageOf = (token: (stream: StringStream, state: State) => string | null, line?: string) =>
  StreamLanguage.define<State>({
    startState: start,
    copyState: (state) => ({ ...state }),
    token: (stream, state) => (stream.eatSpace() ? null : token(stream, state)),
    languageData: { commentTokens: line ? { line } : { block: { open: "<!--", close: "-->" } } },
  });

const SQL_WORDS =
  /^(all|and|any|array|as|asc|between|by|case|cast|count|cross|date|desc|describe|distinct|else|end|except|exists|explain|extract|false|filter|first|following|from|full|funnel|group|having|in|inner|intersect|interval|is|join|last|lateral|left|like|ilike|limit|natural|not|null|nulls|offset|on|or|order|outer|over|partition|preceding|recursive|retention|right|row|rows|select|show|tables|then|timestamp|true|unbounded|union|unnest|using|values|when|where|window|with)\b/i;

/** `quote` holds what ends a text or a comment that goes on in the next line. */
function sql(stream: StringStream, state: State): string | null {
  if (state.within === "comment") {
    if (stream.match(/^.*?\*\//)) state.within = undefined;
    else stream.skipToEnd();
    return "comment";
  }
  if (state.quote) {
    if (stream.match(/^([^']|'')*'/)) state.quote = "";
    else stream.skipToEnd();
    return "string";
  }
  if (stream.match(/^--.*/)) return "comment";
  if (stream.match("/*")) {
    state.within = "comment";
    return "comment";
  }
  if (stream.match(/^'([^']|'')*'/)) return "string";
  if (stream.eat("'")) {
    state.quote = "'";
    stream.skipToEnd();
    return "string";
  }
  if (stream.match(/^"([^"]|"")*"?/)) return "attributeName";
  if (stream.match(SQL_WORDS)) return "keyword";
  if (stream.match(/^[A-Za-z_]\w*/)) return null;
  if (stream.match(/^\d+(\.\d+)?/)) return "number";
  stream.next();
  return null;
}

export const MARKUP = languageOf(markup);
export const JSON_ = languageOf(json);
export const SQL = languageOf(sql, "--");

/** Colours are the page's, in both schemes. */
export const COLOURS = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--code-tag)" },
  { tag: tags.attributeName, color: "var(--code-name)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operator], color: "var(--code-word)" },
  { tag: [tags.variableName, tags.brace], color: "var(--code-liquid)", fontWeight: "600" },
  { tag: tags.number, color: "var(--code-string)" },
]);
