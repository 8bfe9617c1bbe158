// Templates: content that is saved under a name, and how it looks for a person.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Content = Schemas["Content"];
export type Template = Schemas["Template"];
export type TemplateSummary = Schemas["TemplateSummary"];
export type Preview = Schemas["TemplatePreview"];
export type Field = Schemas["TemplateField"];

const one = (id: string) => ({ params: { path: { id } } });

/** Saved templates, by name. */
export const templates = queryOptions({
  queryKey: ["templates"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/templates", { signal })),
});

export const template = (id: string) =>
  queryOptions({
    queryKey: ["template", id],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/templates/{id}", { ...one(id), signal })),
  });

export const templateVersions = (id: string) =>
  queryOptions({
    queryKey: ["template", id, "versions"],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/templates/{id}/versions", { ...one(id), signal })),
  });

/** A template as it was. */
export const templateVersion = (id: string, version: number) =>
  answered(
    client.GET("/api/v1/templates/{id}", { params: { path: { id }, query: { version } } }),
  );

export const makeTemplate = (name: string, content: Content) =>
  answered(client.POST("/api/v1/templates", { body: { name, content } }));

/** Refused where another version came since `version`; without one it is laid over whatever is there. */
export const changeTemplate = (id: string, name: string, content: Content, version?: number) =>
  answered(
    client.PUT("/api/v1/templates/{id}", {
      ...one(id),
      body: { name, content, ...(version === undefined ? {} : { version }) },
    }),
  );

export const removeTemplate = (id: string) =>
  answered(client.DELETE("/api/v1/templates/{id}", one(id)));

/** What is previewed: content, or a saved template, for a person or for nobody in particular. */
export type Asked = {
  content?: Content;
  template?: string;
  person?: string;
  language?: string;
  purpose?: string;
};

export const askPreview = (
  asked: Asked,
  values: Record<string, unknown> | undefined,
  signal: AbortSignal,
) =>
  answered(
    client.POST("/api/v1/templates/preview", {
      // Any value is one: the description says no more than that.
      body: { ...asked, ...(values ? { values: values as Record<string, never> } : {}) },
      signal,
    }),
  );

/** The traits that content of a purpose may show, and those that it may not. */
export const fields = (purpose: string | undefined) =>
  queryOptions({
    queryKey: ["template fields", purpose],
    queryFn: ({ signal }) =>
      answered(
        client.GET("/api/v1/templates/fields", {
          params: { query: purpose ? { purpose } : {} },
          signal,
        }),
      ),
    staleTime: 60_000,
  });
