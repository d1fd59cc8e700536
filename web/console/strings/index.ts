/**
 * Every text of the console, in British English: one file per page, one catalogue. A key is unique in all of them; those of one page
 * begin with its name. A translation is another object with the same keys (see ../../common/translate).
 */
import { translator } from "../../common/translate";
import { acknowledgement } from "./acknowledgement";
import { acknowledging } from "./acknowledging";
import { categories } from "./categories";
import { common } from "./common";
import { compose } from "./compose";
import { drafts } from "./drafts";
import { followUps } from "./follow-ups";
import { frame } from "./frame";
import { message } from "./message";
import { options } from "./options";
import { organisations } from "./organisations";
import { problems } from "./problems";
import { provisioning } from "./provisioning";
import { received } from "./received";
import { sent } from "./sent";
import { signIn } from "./sign-in";

/** The language of the console; times and numbers are written in it, too. */
export const LOCALE = "en-GB";

export const english = {
  ...acknowledgement,
  ...acknowledging,
  ...categories,
  ...common,
  ...compose,
  ...drafts,
  ...followUps,
  ...frame,
  ...message,
  ...options,
  ...organisations,
  ...problems,
  ...provisioning,
  ...received,
  ...sent,
  ...signIn,
};
export type Strings = typeof english;

export const translate = translator(english, {}, LOCALE);
