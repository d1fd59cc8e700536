/** The bell's style sheet, as a file of its own so that the build makes it small. */
import { unsafeCSS } from "lit";
import text from "./styles.css?inline";

export const styles = unsafeCSS(text);
