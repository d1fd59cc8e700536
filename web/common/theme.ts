/** The shared look as a style sheet, whose file says what is in it. */
import { unsafeCSS } from "lit";
import text from "./theme.css?inline";

export const theme = unsafeCSS(text);
