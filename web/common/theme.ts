/** The shared look as a style sheet, whose file says what is in it. */
import { styleSheet } from "./style-sheet";
import text from "./theme.css?inline";

export const theme = styleSheet(text);
