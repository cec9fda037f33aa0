/** Columns of a line of help. */
export const WIDTH = 80;

/** A text in lines of at most `WIDTH` characters, each behind `indent` blanks; words are not cut. */
export function wrapped(text: string, indent = 0): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part) => " ".repeat(indent) + part);
}
