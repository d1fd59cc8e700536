/** Texts that several pages of the console use. */
import type { Plural } from "../../common/translate";

export const common = {
  people: { one: "{count} person", other: "{count} people" } as Plural,
};
