// Annotations: notes on the axis of time, like "price change".
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Annotation = Schemas["Annotation"];

/** The server's limit. */
export const ANNOTATION_MAX = 200;

/** Those of a range, in the order of time. */
export const annotations = (from: string, to: string) =>
  queryOptions({
    queryKey: ["annotations", from, to],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/annotations", { params: { query: { from, to } }, signal })),
    staleTime: 30_000,
  });

const one = (id: string) => ({ params: { path: { id } } });

export const addAnnotation = (at: string, text: string) =>
  answered(client.POST("/api/v1/annotations", { body: { at, text } }));

/** Refused where somebody else saved it since its version. */
export const changeAnnotation = ({ id, version }: Annotation, at: string, text: string) =>
  answered(client.PUT("/api/v1/annotations/{id}", { ...one(id), body: { at, text, version } }));

export const removeAnnotation = (id: string) =>
  answered(client.DELETE("/api/v1/annotations/{id}", one(id)));
