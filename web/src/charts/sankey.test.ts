import { describe, expect, it } from "vitest";

import { layoutOf, type SankeyData, traced } from "./sankey";

const data: SankeyData = {
  columns: ["0", "1", "2"],
  nodes: [
    { column: 0, name: "A", count: 100 },
    { column: 1, name: "B", count: 60 },
    { column: 1, name: "C", count: 30 },
    { column: 2, name: "B", count: 40 },
    { column: 2, name: "D", count: 20 },
  ],
  links: [
    { from: 0, to: 1, count: 60 },
    { from: 0, to: 2, count: 30 },
    { from: 1, to: 3, count: 30 },
    { from: 2, to: 3, count: 10 },
    { from: 1, to: 4, count: 20 },
  ],
};

describe("a Sankey diagram", () => {
  it("gives every node a height as its count, and none lies on another", () => {
    const { nodes, height } = layoutOf(data, 800, 100);
    expect(nodes[1]?.height).toBeCloseTo((nodes[0]?.height ?? 0) * 0.6);
    const [b, c] = [nodes[1], nodes[2]];
    expect((b?.top ?? 0) + (b?.height ?? 0)).toBeLessThan(c?.top ?? 0);
    for (const node of nodes) expect(node.top + node.height).toBeLessThanOrEqual(height);
  });
  it("traces a way to a node and on from it, and no other", () => {
    expect([...traced(data, { node: 2 })].sort()).toEqual([1, 3]);
    expect([...traced(data, { link: 4 })].sort()).toEqual([0, 4]);
    expect(traced(data, { node: 0 }).size).toBe(5);
  });
});
