/** Texts of the catalogue with elements in them. */
import { html, type TemplateResult } from "lit";
import type { Values } from "../../common/translate";
import { type Strings, translate } from "../strings";

/** The text with each of `names` in an element of its own, so that its direction does not reorder the words around it. */
export function withNames(
  key: keyof Strings,
  names: Readonly<Record<string, string | TemplateResult>>,
  values: Values = {},
) {
  const parts = translate(key, values).split(/\{(\w+)\}/);
  return parts.map((part, index) => (index % 2 === 0 ? part : html`<bdi>${names[part]}</bdi>`));
}
