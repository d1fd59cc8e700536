/** The style sheets of the bell and of its list of messages, as files of their own so that the build makes them small. */
import { unsafeCSS } from "lit";
import bell from "./bell.css?inline";
import feed from "./feed.css?inline";

export const bellStyles = unsafeCSS(bell);
export const feedStyles = unsafeCSS(feed);
