/** A style sheet from the text of a file, which the build makes small; for `adoptedStyleSheets` and Lit's `styles`. */
export function styleSheet(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
