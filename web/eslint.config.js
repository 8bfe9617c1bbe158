import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// Direction: features know what several of them share (rules, content, deliveries, question), filters, charts,
// api and ui; nothing below knows a feature, and a feature knows no other feature.
const features = [
  "today",
  "trends",
  "funnels",
  "retention",
  "paths",
  "stickiness",
  "rfm",
  "pivot",
  "sql",
  "board",
  "boards",
  "segments",
  "people",
  "campaigns",
  "templates",
  "messages",
  "gate",
  "settings",
];
const shared = ["rules", "content", "deliveries", "question"];
const others = (feature) => features.filter((other) => other !== feature);
const forbid = (files, patterns, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: patterns, message }] }] },
});

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.ts", "e2e"] },
  ...tseslint.configs.strict,
  { plugins: { "react-hooks": hooks }, rules: hooks.configs.recommended.rules },
  ...features.map((feature) =>
    forbid(
      [`src/${feature}/**`],
      others(feature).map((other) => `**/${other}/**`),
      "a feature imports no other feature",
    ),
  ),
  // A card is of any kind, and nothing but the kind of a page is known to it.
  forbid(
    ["src/boards/**"],
    others("boards").flatMap((other) => [`**/${other}/**`, `!**/${other}/kind`]),
    "a board knows of a feature its kind alone",
  ),
  forbid(
    ["src/ui/**", "src/charts/**", "src/api/**", "src/filters/**", ...shared.map((one) => `src/${one}/**`)],
    [...features.map((feature) => `**/${feature}/**`), "**/app/**"],
    "what is below knows no feature",
  ),
  forbid(
    ["src/ui/**", "src/charts/**", "src/api/**", "src/filters/**"],
    [...[...features, ...shared].map((one) => `**/${one}/**`), "**/app/**"],
    "what is below knows nothing of what is made of it",
  ),
);
