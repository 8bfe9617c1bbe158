import { describe, expect, it } from "vitest";

import { Refusal } from "../api/client";
import {
  languagesOf,
  madeUp,
  mistakeOf,
  startOf,
  withBody,
  withLanguage,
  withoutLanguage,
  written,
} from "./shape";

const refused = (pointer: string, message: string) => new Refusal(400, "x", "wrong", [{ pointer, message }]);

describe("a mistake in content", () => {
  it("is found by language, field, line and column", () => {
    const error = refused("/content/email/languages/pt-BR/mjml", "line 3, column 17: no such tag: mj-nope");
    expect(mistakeOf(error)).toEqual({
      language: "pt-BR",
      field: "mjml",
      line: 3,
      column: 17,
      message: "no such tag: mj-nope",
    });
    expect(mistakeOf(refused("/content/webhook/body", "line 1: it ends here"))).toEqual({
      field: "body",
      line: 1,
      message: "it ends here",
    });
    expect(mistakeOf(refused("/content/email/default_language", "one of the languages"))).toEqual({
      field: "default_language",
      message: "one of the languages",
    });
  });
  it("is none where the refusal is about something else", () => {
    expect(mistakeOf(refused("/name", "a name"))).toBeUndefined();
    expect(mistakeOf(new Error("x"))).toBeUndefined();
  });
});

describe("a mail", () => {
  const start = startOf("email");
  const email = "email" in start ? start.email : undefined;
  it("has languages, its own first, which come and go", () => {
    if (!email) throw new Error("a mail");
    const more = withLanguage(withLanguage(email, "hi"), "de");
    expect(languagesOf(more)).toEqual(["en", "de", "hi"]);
    expect(more.languages.hi).toEqual(email.languages.en);
    expect(languagesOf(withoutLanguage(more, "de"))).toEqual(["en", "hi"]);
    expect(withoutLanguage(more, "en")).toBe(more);
  });
  it("has one body", () => {
    expect(withBody({ subject: "a", mjml: "<mjml/>", text: "t" }, "html", "<p>")).toEqual({
      subject: "a",
      html: "<p>",
      text: "t",
    });
  });
});

describe("fields", () => {
  it("are written as Liquid reads them", () => {
    expect(written("plan")).toBe("{{ user.plan }}");
    expect(written("First name")).toBe('{{ user["First name"] }}');
  });
  it("are made up where nobody has them", () => {
    const one = madeUp({}, "user.First name");
    expect(one).toEqual({ user: { "First name": "‹First name›" } });
    expect(madeUp(one ?? {}, "user.Plan")).toEqual({
      user: { "First name": "‹First name›", Plan: "‹Plan›" },
    });
    expect(madeUp(one ?? {}, "user.First name")).toBeUndefined();
    expect(madeUp({}, "translation.de")).toBeUndefined();
    expect(madeUp({}, "user.items[0]")).toBeUndefined();
  });
});
