/** The style sheets of the bell and of its list of messages, as files of their own so that the build makes them small. */
import { styleSheet } from "../common/style-sheet";
import bell from "./bell.css?inline";
import feed from "./feed.css?inline";

export const bellStyles = styleSheet(bell);
export const feedStyles = styleSheet(feed);
